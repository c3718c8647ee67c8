/**
 * The notebook in a real VS Code: what activation costs, how soon the first cell answers, and a study of 500 cells with
 * 2,000 saved outputs against an empty one in the same window. Needs `npm run package:quick` and
 * `node scripts/vscode-host.ts`.
 */
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { printOutputs, type SavedOutputs } from '../src/notebook/outputs.ts'
import { type Host, startHost } from '../test/e2e/support/host.ts'
import { studyText, writeStudy, writeTriplets } from '../test/e2e/support/studies.ts'
import { Workbench } from '../test/e2e/support/workbench.ts'

const CELLS = 500
const OUTPUTS_PER_CELL = 4
const KEYS = 40
const REPEATS = 5
/** Milliseconds after which a window has loaded what it starts with. */
const SETTLED = 10_000
/** One line, as an editor indents what is put into it. */
const FIRST =
  'triplets: { lr: images/lr/*.png, gt: images/gt/*.png, sr: { plain: images/sr/*.png }, as: photos }'

console.log(`load of the machine, in processes that want to run: ${loadavg()[0].toFixed(1)}`)
const host = await startHost()
try {
  await writeTriplets(host.workspace)
  await writeStudy(host.workspace, 'a-warm.mirage.md', [{ id: 'load', text: FIRST }])
  await writeFile(join(host.workspace, 'b-empty.mirage.md'), studyText('empty', [{ id: 'only', text: '# ' }]))
  await writeLarge(host.workspace)
  const workbench = await Workbench.open(host)
  try {
    await firstCell(workbench)
    await opening(workbench, host)
    await activation(workbench)
  } finally {
    await workbench.close()
  }
} finally {
  await host.stop()
}

/** From the click to the mark of success, seen from inside the page, on a machine that has run a study before. */
async function firstCell(workbench: Workbench): Promise<void> {
  await workbench.openStudy('a-warm')
  await workbench.runAll()
  await workbench.succeeded(1)
  const [fresh, running]: number[][] = [[], []]
  for (let i = 0; i < REPEATS; i++) {
    await workbench.command('Mirage: Restart Kernel')
    await workbench.page.getByText('Mirage: idle').waitFor({ state: 'hidden' })
    // Each is a cell that was never run, so that nothing stored answers for it.
    fresh.push(await clickToAnswer(workbench, FIRST.replace('photos', `fresh${i}`)))
    running.push(await clickToAnswer(workbench, FIRST.replace('photos', `running${i}`)))
  }
  const say = (times: number[]) => `${ms(middle(times))} (${times.map(ms).join(', ')})`
  console.log(`first cell, kernel started for it: ${say(fresh)} (goal: 1000 ms)`)
  console.log(`first cell, kernel running: ${say(running)}`)
  await workbench.command('File: Revert File')
  await workbench.closeEditor()
}

async function clickToAnswer(workbench: Workbench, text: string): Promise<number> {
  const { page } = workbench
  await workbench.editCell('triplets', text)
  await page.evaluate(() => {
    const seen = globalThis as unknown as { answered?: Promise<number> }
    const marks = () => document.querySelectorAll('.codicon-notebook-state-success').length
    seen.answered = new Promise(done => {
      const onClick = () => {
        const clicked = performance.now()
        let taken = marks() === 0
        const observer = new MutationObserver(() => {
          taken ||= marks() === 0
          if (!taken || marks() === 0) return
          observer.disconnect()
          done(performance.now() - clicked)
        })
        observer.observe(document.body, { subtree: true, childList: true, attributes: true })
      }
      document.addEventListener('mousedown', onClick, { capture: true, once: true })
    })
  })
  const cell = workbench.cell('triplets')
  await cell.hover()
  await cell.locator('.run-button-container .codicon-notebook-execute').first().click()
  return page.evaluate(() => (globalThis as unknown as { answered: Promise<number> }).answered)
}

/**
 * As VS Code measures it (Developer: Show Running Extensions), in windows that have settled: the extensions that every
 * window starts with are loaded in turns, and their times are counted into each other's.
 */
async function activation(workbench: Workbench): Promise<void> {
  const times: number[] = []
  for (let i = 0; i < REPEATS; i++) {
    await workbench.reload()
    await sleep(SETTLED)
    await workbench.openStudy('b-empty.mirage.md')
    await workbench.command('Developer: Show Running Extensions')
    const row = workbench.page.locator('.runtime-extensions-editor .extension', { hasText: 'Mirage' })
    const text = await row.locator('.activation-time').first().textContent()
    times.push(Number(text?.match(/(\d+)\s*ms/)?.[1]))
    await row.click()
    await workbench.page.keyboard.press('Escape')
    await workbench.closeEditor()
  }
  console.log(`activation: ${ms(middle(times))} (${times.join(', ')}; goal: 50 ms)`)
}

async function opening(workbench: Workbench, { root }: Host): Promise<void> {
  const figures: Record<string, { cells: number; output?: number; keys: number[] }> = {}
  let restored = ''
  for (const [name, last] of [
    ['b-empty.mirage.md', 'only'],
    ['c-large.mirage.md', 'cell 0'],
  ]) {
    const drawn = await clickToCells(workbench)
    const began = performance.now()
    await workbench.openStudy(name)
    let output: number | undefined
    if (name === 'c-large.mirage.md') {
      await workbench.output(`text=${last} output 0`)
      output = performance.now() - began
    }
    figures[name] = { cells: await drawn(), output, keys: await typing(workbench) }
    if (name === 'c-large.mirage.md') restored = await restoredIn(root)
    await workbench.command('File: Revert File')
    await workbench.closeEditor()
  }
  const [small, large] = [figures['b-empty.mirage.md'], figures['c-large.mirage.md']]
  console.log(`opening: empty ${ms(small.cells)}, ${CELLS} cells ${ms(large.cells)} (goal: 2000 ms)`)
  console.log(`first saved output on screen: ${ms(large.output ?? Number.NaN)}`)
  console.log(`all ${CELLS * OUTPUTS_PER_CELL} outputs put back, in the background: ${restored}`)
  const worst = (keys: number[]) => Math.max(...keys)
  console.log(
    `a key to its letter: empty ${ms(middle(small.keys))} (worst ${ms(worst(small.keys))}), ` +
      `${CELLS} cells ${ms(middle(large.keys))} (worst ${ms(worst(large.keys))}), ` +
      `ratio ${(middle(large.keys) / middle(small.keys)).toFixed(2)}`,
  )
}

/** Milliseconds from the next double click to the first frame with a cell in it, seen from inside the page. */
async function clickToCells({ page }: Workbench): Promise<() => Promise<number>> {
  await page.evaluate(() => {
    const seen = globalThis as unknown as { drawn?: Promise<number> }
    seen.drawn = new Promise(done => {
      const onClick = () => {
        const clicked = performance.now()
        const look = () => {
          const cell = document.querySelector('.notebook-editor .code-cell-row')
          if (cell && cell.getBoundingClientRect().height > 0) done(performance.now() - clicked)
          else requestAnimationFrame(look)
        }
        look()
      }
      document.addEventListener('dblclick', onClick, { capture: true, once: true })
    })
  })
  return () => page.evaluate(() => (globalThis as unknown as { drawn: Promise<number> }).drawn)
}

/** Milliseconds from a key press to its letter in the editor, seen from inside the page. */
async function typing({ page }: Workbench): Promise<number[]> {
  const lines = page.locator('.notebook-editor .code-cell-row:visible .view-lines').first()
  await lines.click()
  await page.keyboard.press('ControlOrMeta+End')
  await lines.evaluate(element => {
    const seen = globalThis as unknown as { keys: number[]; pressed: number }
    seen.keys = []
    seen.pressed = 0
    document.addEventListener('keydown', () => (seen.pressed = performance.now()), true)
    new MutationObserver(() => {
      if (seen.pressed) seen.keys.push(performance.now() - seen.pressed)
      seen.pressed = 0
    }).observe(element, { subtree: true, childList: true, characterData: true })
  })
  for (let i = 0; i < KEYS; i++) {
    await page.keyboard.press('x')
    await page.waitForTimeout(60)
  }
  return page.evaluate(() => (globalThis as unknown as { keys: number[] }).keys)
}

async function writeLarge(folder: string): Promise<void> {
  const cells = Array.from({ length: CELLS }, (_, n) => ({ id: `c${n}`, text: `# cell ${n}` }))
  await writeFile(join(folder, 'c-large.mirage.md'), studyText('large', cells))
  const saved: SavedOutputs = {
    version: 1,
    cells: Object.fromEntries(
      cells.map(({ id, text }) => [
        id,
        {
          textHash: createHash('sha256').update(text).digest('hex'),
          succeeded: true,
          finished: '2026-05-01T10:00:00.000Z',
          milliseconds: 3,
          outputs: Array.from({ length: OUTPUTS_PER_CELL }, (_, k) => ({
            id: `o${k}`,
            items: [{ mime: 'text/plain', text: `${text.slice(2)} output ${k}` }],
          })),
        },
      ]),
    ),
  }
  await mkdir(join(folder, 'c-large.mirage.outputs'))
  await writeFile(join(folder, 'c-large.mirage.outputs', 'index.json'), printOutputs(saved))
}

/** What the extension's log says of the large study, once it has put everything back. */
async function restoredIn(root: string): Promise<string> {
  const logs = join(root, 'user-data', 'logs')
  for (let attempt = 0; attempt < 60; attempt++) {
    const names = (await readdir(logs, { recursive: true })).filter(path => path.endsWith('Mirage.log'))
    const texts = await Promise.all(names.map(name => readFile(join(logs, name), 'utf8')))
    const [, time] =
      texts.join().match(new RegExp(`Saved outputs of ${CELLS} cells put back in (\\d+) ms`)) ?? []
    if (time) return `${time} ms`
    await sleep(1000)
  }
  return 'not said in the log'
}

function middle(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
}

function ms(time: number): string {
  return `${Math.round(time)} ms`
}
