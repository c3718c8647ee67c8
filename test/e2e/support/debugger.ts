import { expect } from 'vitest'
import type { Workbench } from './workbench.ts'

/** VS Code's debugger as a person uses it. */
export class Debugger {
  readonly #workbench: Workbench

  constructor(workbench: Workbench) {
    this.#workbench = workbench
  }

  get #page() {
    return this.#workbench.page
  }

  /** Sets or removes a breakpoint on the line of a cell that holds `text`. */
  async toggleBreakpoint(text: string): Promise<void> {
    const words = text.replaceAll(' ', '\u00a0')
    await this.#page.locator('.notebook-editor .view-line', { hasText: words }).first().click()
    await this.#page.keyboard.press('F9')
    await this.#page.locator('.notebook-editor [class*="codicon-debug-breakpoint"]').first().waitFor()
  }

  /** Steps through the cell whose text contains `text`. */
  async start(text: string): Promise<void> {
    await this.#workbench.cell(text).locator('.view-lines').click()
    await this.#workbench.command('Mirage: Step Through Cell')
    await this.#page.locator('.debug-toolbar').waitFor({ timeout: 60_000 })
  }

  /** Resolves when the top of the call stack has this name. */
  async at(name: string): Promise<void> {
    const top = this.#page.locator('.debug-call-stack .monaco-list-row .stack-frame').first()
    await expect
      .poll(() => top.locator('.label').first().textContent({ timeout: 5000 }), { timeout: 60_000 })
      .toBe(name)
  }

  /** Resolves when the variables view shows a value that holds `text`. */
  async shows(name: string, text: string): Promise<void> {
    await this.#poll(async () => (await this.#valueOf(name))?.includes(text), `${name} holds ${text}`)
  }

  async unfold(name: string): Promise<void> {
    const row = this.#row(name)
    await this.#poll(async () => (await row.count()) > 0, `${name} is there`)
    await row.locator('.monaco-tl-twistie').click()
  }

  /** Types a new value of a variable. */
  async set(name: string, value: string): Promise<void> {
    await this.#row(name).dblclick()
    const input = this.#page.locator('.debug-variables input:visible')
    await input.fill(value)
    await this.#page.keyboard.press('Enter')
    await input.waitFor({ state: 'hidden' })
  }

  step(): Promise<void> {
    return this.#press('Step Over')
  }

  continue(): Promise<void> {
    return this.#press('Continue')
  }

  nextImage(): Promise<void> {
    return this.#press('Run to the Next Image')
  }

  /** Goes through a stage of the call stack again. */
  async restart(stage: string): Promise<void> {
    const row = this.#page.locator('.debug-call-stack .monaco-list-row', { hasText: stage }).first()
    await row.hover()
    await row.locator('.action-label[aria-label^="Restart Frame"]').click()
  }

  async ended(): Promise<void> {
    await this.#page.locator('.debug-toolbar').waitFor({ state: 'hidden', timeout: 60_000 })
  }

  async #press(button: string): Promise<void> {
    await this.#page.locator(`.debug-toolbar .action-label[aria-label^="${button}"]:not(.disabled)`).click()
  }

  async #valueOf(name: string): Promise<string | null | undefined> {
    const value = this.#row(name).locator('.value')
    return (await value.count()) > 0 ? value.textContent() : undefined
  }

  /** The view redraws itself some time after each stop, and may fold its scopes when it does. */
  async #poll(condition: () => Promise<boolean | undefined>, what: string): Promise<void> {
    const scope = this.#page.locator('.debug-variables .monaco-list-row').first()
    const check = async () => {
      if ((await scope.getAttribute('aria-expanded')) === 'false')
        await scope.locator('.monaco-tl-twistie').click()
      return condition()
    }
    await expect.poll(check, { timeout: 60_000, interval: 300, message: what }).toBe(true)
  }

  #row(name: string) {
    return this.#page
      .locator('.debug-variables .monaco-list-row', {
        has: this.#page.locator('.name', { hasText: new RegExp(`^${name}\\s*[:=]?\\s*$`) }),
      })
      .first()
  }
}
