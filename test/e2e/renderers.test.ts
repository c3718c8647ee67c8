import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Frame, Locator } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { colourMap } from '../../src/renderers/shared/ui/colormaps.ts'
import { type Host, startHost } from './support/host.ts'
import { FINDING, IMAGES, INVENTED, LOOK_CELLS, writeLookStudy } from './support/look-study.ts'
import { Workbench } from './support/workbench.ts'

let host: Host
let workbench: Workbench

beforeAll(async () => {
  host = await startHost()
  await writeLookStudy(host.workspace)
  // High enough to see every cell, as only what is near the window is drawn.
  workbench = await Workbench.open(host, { height: 6000 })
  await workbench.openStudy('look.mirage.md')
  await workbench.runAll()
}, 400_000)

afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await workbench?.screenshot(task.name)
})

afterAll(async () => {
  await workbench?.close()
  await host?.stop()
}, 60_000)

const WAIT = { timeout: 240_000 }

/** The output of a renderer that holds a text, the last one in the notebook. */
async function output(renderer: string, text: string): Promise<Locator> {
  const frame: Frame = await workbench.output(`.mirage-${renderer}`, WAIT.timeout)
  const found = frame.locator(`.mirage-${renderer}`, { hasText: text }).last()
  await found.waitFor(WAIT)
  return found
}

/** RGB of a canvas pixel, given in shares of its width and height. */
const pixel = (canvas: Locator, x: number, y: number) =>
  canvas.evaluate(
    (element, [x, y]) => {
      const { width, height } = element as HTMLCanvasElement
      const context = (element as HTMLCanvasElement).getContext('2d')!
      return [...context.getImageData(Math.floor(x * width), Math.floor(y * height), 1, 1).data].slice(0, 3)
    },
    [x, y],
  )

describe('the renderers in a real VS Code', () => {
  test('training: pauses, shows an earlier step, and stops, as its buttons say', async () => {
    const training = await output('training', 'Running')
    // A sample of a later update: those from before the training are there at once, and alone have no slider.
    await training
      .locator('.training-image', { hasText: /step [1-9]/ })
      .first()
      .waitFor(WAIT)
    await training.getByRole('button', { name: 'Pause' }).click()
    const paused = await output('training', 'Paused')
    const slider = paused.getByRole('slider', { name: 'Samples at step' })
    await slider.focus()
    await workbench.page.keyboard.press('Home')
    await paused.locator('.training-image', { hasText: 'step 200' }).first().waitFor(WAIT)
    const stepsOf = (shown: Locator) => shown.locator('.m-toolbar .m-number').first().textContent()
    const before = await stepsOf(paused)
    await paused.getByRole('button', { name: 'Resume' }).click()
    const resumed = await output('training', 'Running')
    await expect.poll(() => stepsOf(resumed), WAIT).not.toBe(before)
    await resumed.getByRole('button', { name: 'Stop and keep' }).click()
    await output('training', 'Stopped')
    await workbench.succeeded(LOOK_CELLS)
  })

  test('compare: the difference map has the colour of what was invented, in its place and nowhere else', async () => {
    const compare = await output('compare', FINDING)
    await compare.locator('.compare-stage').focus()
    // Beside GT, the image that invents; the second method is the fourth image.
    for (const key of ['4', 'd']) await workbench.page.keyboard.press(key)
    await workbench.page.keyboard.press('4')
    const map = compare.locator('canvas[data-role="difference"][data-state="ready"]')
    await map.waitFor(WAIT)
    // The square pane shows the whole image: shares of the pane are shares of the image.
    const viridis = colourMap('viridis')
    const colour = (level: number) => [...viridis.subarray(level * 3, level * 3 + 3)]
    const middle = [INVENTED.x, INVENTED.y].map(at => (at + INVENTED.side / 2) / 64) as [number, number]
    const box = await map.evaluate(element => [
      (element as HTMLCanvasElement).width,
      (element as HTMLCanvasElement).height,
    ])
    const [width, height] = box
    const side = Math.min(width, height)
    const at = (x: number, y: number) =>
      [((width - side) / 2 + x * side) / width, ((height - side) / 2 + y * side) / height] as const
    await expect.poll(() => pixel(map, ...at(...middle)), WAIT).toEqual(colour(INVENTED.levels))
    expect(await pixel(map, ...at(0.8, 0.8))).toEqual(colour(0))
  })

  test('gallery: filters, opens a row, and writes its tags into the cell', async () => {
    const gallery = await output('gallery', 'rows')
    await gallery.getByRole('textbox', { name: 'Filter' }).fill('hs < 3 and psnr > 1')
    await gallery.getByText('3 of 8 rows').waitFor(WAIT)
    await gallery.locator('.gallery-tile').first().click()
    await gallery.locator('.gallery-opened canvas[data-role="sr"][data-state="ready"]').first().waitFor(WAIT)
    await gallery.getByLabel('New tag').fill('square')
    await workbench.page.keyboard.press('Enter')
    await workbench.cell('tags: { clock: { invents: [square] } }').waitFor(WAIT)
    await gallery.getByText('Written into the cell').waitFor(WAIT)
    await workbench.command('Mirage: Run Stale Cells')
    await expect.poll(() => workbench.isDirty()).toBe(true)
    await workbench.page.keyboard.press('ControlOrMeta+S')
    await expect.poll(() => workbench.isDirty(), WAIT).toBe(false)
    const saved = await readFile(join(host.workspace, 'look.mirage.md'), 'utf8')
    expect(saved).toContain('gallery: { of: judged, as: tagged, tags: { clock: { invents: [square] } } }')
    await gallery.getByRole('textbox', { name: 'Filter' }).fill('tag = "square"')
    await gallery.getByText('1 of 8 rows').waitFor(WAIT)
  })

  test('chart: a point that is taken shows its images below it, and is selected in the gallery', async () => {
    const chart = await output('chart', 'hs and')
    const frame = await workbench.output('.mirage-chart')
    const scatter = frame
      .locator('.mirage-chart', { has: frame.locator('.mark-symbol.role-mark path') })
      .first()
    const points = scatter.locator('.mark-symbol.role-mark path')
    await expect.poll(() => points.count(), WAIT).toBe(2 * IMAGES.length)
    await points.first().click()
    await scatter.getByText('1 selected point of 1 image').waitFor(WAIT)
    await scatter.locator('canvas[data-role="gt"][data-state="ready"]').waitFor(WAIT)
    const gallery = await output('gallery', 'rows')
    await gallery.getByRole('button', { name: '1 selected in a chart' }).waitFor(WAIT)
    expect(await chart.count()).toBe(1)
  })

  test('table: a heading sorts towards the better end', async () => {
    const table = await output('table', 'Scores')
    const heading = table.getByRole('columnheader', { name: 'Hallucination Score' })
    await heading.getByRole('button').click()
    await expect.poll(() => heading.getAttribute('aria-sort'), WAIT).toBe('descending')
    expect(await table.locator('tbody tr').first().textContent()).toContain('blurs')
  })

  test('rate: a pair is rated by a key, and the answer is in the file of the study', async () => {
    const frame = await workbench.output('.mirage-rate')
    const rate = frame.locator('.mirage-rate')
    await rate.getByRole('textbox', { name: 'Your name or pseudonym' }).fill('ann')
    await workbench.page.keyboard.press('Enter')
    await rate.getByText(`0 / ${IMAGES.length}`).waitFor(WAIT)
    await rate.locator('canvas[data-state="ready"]').nth(1).waitFor(WAIT)
    await workbench.page.keyboard.press('4')
    await rate.getByText(`1 / ${IMAGES.length}`).waitFor(WAIT)
    expect(await readFile(join(host.workspace, 'people.csv'), 'utf8')).toMatch(
      new RegExp(`^(${IMAGES.join('|')}),invents,ann,4,`, 'm'),
    )
  })
}, 900_000)
