import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Browser, chromium, type Frame, type Locator, type Page } from 'playwright-core'
import { type Host, PROJECT } from './host.ts'
import { findChromium } from './host-paths.ts'

export const BROWSER_ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Milliseconds that a busy machine has for one thing to show. */
const PATIENCE = 60_000

/** The workbench as a person sees it: what to press, and what shows. */
export class Workbench {
  readonly page: Page
  readonly #browser: Browser

  private constructor(browser: Browser, page: Page) {
    this.#browser = browser
    this.page = page
  }

  static async open(
    host: Host,
    options: { folder?: string; height?: number; width?: number; ratio?: number } = {},
  ): Promise<Workbench> {
    const browser = await chromium.launch({ executablePath: findChromium(), args: BROWSER_ARGS })
    const { width = 1400, height = 1000, ratio = 1 } = options
    const page = await browser.newPage({ viewport: { width, height }, deviceScaleFactor: ratio })
    page.setDefaultTimeout(PATIENCE)
    await page.goto(host.url(options.folder), { waitUntil: 'commit', timeout: 120_000 })
    await page.locator('.monaco-workbench').waitFor({ timeout: 120_000 })
    return new Workbench(browser, page)
  }

  /** Reloads the window: the extension starts afresh. */
  async reload(): Promise<void> {
    await this.page.reload({ waitUntil: 'commit', timeout: 120_000 })
    await this.page.locator('.monaco-workbench').waitFor({ timeout: 120_000 })
  }

  async close(): Promise<void> {
    await this.#browser.close()
  }

  /** Opens a study from the explorer. Its editor is there as soon as the extension has registered its type. */
  async openStudy(name: string): Promise<void> {
    await this.page.locator('.explorer-viewlet .monaco-list-row', { hasText: name }).first().dblclick()
    await this.cells().first().waitFor({ timeout: 120_000 })
  }

  /** Closes the editor on top; its document must be saved. */
  async closeEditor(): Promise<void> {
    const tabs = this.page.locator('.tabs-container .tab')
    const before = await tabs.count()
    await this.page.locator('.tabs-container .tab.active .tab-actions a[aria-label^="Close"]').click()
    await tabs.nth(before - 1).waitFor({ state: 'detached' })
  }

  /** Runs a command by its full title in the palette, which does not learn of commands that come while it is open. */
  async command(title: string): Promise<void> {
    const widget = this.page.locator('.quick-input-widget')
    const row = widget
      .locator('.monaco-list-row', { has: this.page.getByText(title, { exact: true }) })
      .first()
    for (let attempt = 0; attempt < 20; attempt++) {
      await this.page.keyboard.press('F1')
      // Where the palette was open already, the key has closed it.
      const there = await widget
        .locator('input')
        .fill(`>${title}`, { timeout: 5000 })
        .then(() => row.waitFor({ timeout: 5000 }))
        .then(
          () => true,
          () => false,
        )
      if (there) return row.click()
      await this.page.keyboard.press('Escape')
    }
    throw new Error(`The palette does not offer "${title}".`)
  }

  /** Chooses a row of the list that a command shows. */
  async pick(label: string): Promise<void> {
    await this.page
      .locator('.quick-input-list .monaco-list-row', { hasText: label })
      .first()
      .click({ timeout: 60_000 })
  }

  /**
   * Answers the dialog that asks for a path, once it shows the one that it suggests. It writes into its own input for a
   * while, so that what is typed has to stay before it is sent.
   */
  async answer(path: string): Promise<void> {
    const widget = this.page.locator('.quick-input-widget')
    const input = widget.locator('input')
    await this.page.waitForFunction(() =>
      document.querySelector<HTMLInputElement>('.quick-input-widget input')?.value.startsWith('/'),
    )
    for (let attempt = 0; attempt < 20; attempt++) {
      await this.page.waitForTimeout(500)
      if ((await input.inputValue()) !== path) {
        await input.fill(path)
        continue
      }
      await this.page.keyboard.press('Enter')
      const gone = await widget.waitFor({ state: 'hidden', timeout: 5000 }).then(
        () => true,
        () => false,
      )
      if (gone) return
    }
    throw new Error(`The dialog does not take ${path}.`)
  }

  cells(): Locator {
    return this.page.locator('.notebook-editor .code-cell-row:visible')
  }

  /** The cell whose text contains `text`. */
  cell(text: string): Locator {
    // The editor draws spaces as no-break ones.
    const words = text.replaceAll(' ', '\u00a0')
    return this.page.locator('.notebook-editor .code-cell-row:visible', { hasText: words })
  }

  async runAll(): Promise<void> {
    await this.page
      .locator('.notebook-toolbar-container a.action-label[aria-label="Run All"]:visible')
      .click()
  }

  /** Runs one cell by its own button. */
  async runCell(text: string): Promise<void> {
    const cell = this.cell(text)
    await cell.hover()
    await cell.locator('.run-button-container .codicon-notebook-execute').first().click()
  }

  /** Types a new text into a cell. */
  async editCell(text: string, replacement: string): Promise<void> {
    await this.cell(text).locator('.view-lines').click()
    await this.page.keyboard.press('ControlOrMeta+A')
    await this.page.keyboard.insertText(replacement)
  }

  /** Resolves when this many cells carry the mark of success. */
  async succeeded(count: number, timeout = 120_000): Promise<void> {
    await this.page
      .locator('.codicon-notebook-state-success:visible')
      .nth(count - 1)
      .waitFor({ timeout })
  }

  /** Resolves when a cell carries the mark of failure. */
  async failed(timeout = 120_000): Promise<void> {
    await this.page.locator('.codicon-notebook-state-error:visible').first().waitFor({ timeout })
  }

  /** The webview frame that holds an output with this selector. All outputs of a notebook share one frame. */
  async output(selector: string, timeout = PATIENCE): Promise<Frame> {
    const end = Date.now() + timeout
    while (Date.now() < end) {
      for (const frame of this.page.frames()) {
        if (!frame.url().includes('fake.html')) continue
        const found = await frame
          .locator(selector)
          .count()
          .catch(() => 0)
        if (found > 0) return frame
      }
      await this.page.waitForTimeout(100)
    }
    throw new Error(`No output holds ${selector}.`)
  }

  /** What the status bar says of the kernel. */
  kernelStatus(): Locator {
    return this.page.locator('[id="mirage-research.mirage.mirage.kernel"]')
  }

  /** True while the tab of the editor shows unsaved changes. */
  async isDirty(): Promise<boolean> {
    return (await this.page.locator('.tabs-container .tab.active.dirty').count()) > 0
  }

  /** Kept for a person to look at, under test-results/. */
  async screenshot(name: string): Promise<void> {
    const folder = join(PROJECT, 'test-results')
    await mkdir(folder, { recursive: true })
    await this.page.screenshot({ path: join(folder, `${name.replace(/[^\w-]+/g, '-')}.png`) })
  }
}
