/**
 * Draws the README's pictures into docs/images: a study in a real VS Code, and each renderer on a real output of a study
 * on the example images, light and dark. The study runs here, with a short training: some minutes on a CPU. In a folder
 * that is given it stays, and a second call is quick. VS Code comes from scripts/vscode-host.ts.
 *
 *     node scripts/screenshots.ts [folder [picture ...]]
 */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import sharp from 'sharp'
import { keepOutputs, printOutputs, readOutputs } from '../src/notebook/outputs.ts'
import { OUTPUTS_INDEX } from '../src/notebook/paths.ts'
import { startHost } from '../test/e2e/support/host.ts'
import { Workbench } from '../test/e2e/support/workbench.ts'
import { launch, openRenderer, type RendererPage } from '../test/renderers/browser.ts'
import { outputsOf, type StudyOutput, savedObjects } from '../test/renderers/studies.ts'

const ROOT = resolve(import.meta.dirname, '..')
const IMAGES = join(ROOT, 'docs', 'images')
/** Image px per CSS px. */
const RATIO = 1.5
/** Margin around an output, in CSS px. */
const MARGIN = 12

const cell = (id: string, text: string) => `\`\`\`yaml mirage id=${id}\n${text}\n\`\`\`\n`
const study = (title: string, ...cells: string[]) =>
  [`---\nformat: 1\ntitle: ${title}\nseed: 1\n---\n`, ...cells].join('\n')

/** The cells up to the comparison, which the picture of the editor shows too. */
const LOOK = [
  cell('load', 'triplets: { lr: examples/lr/*.png, gt: examples/hr/*.png, scale: 4, as: photos }'),
  cell('sr', 'infer: { of: photos, model: [bicubic, rrdn-thick-x4, realesr-general-x4v3], as: upscaled }'),
  cell(
    'measure',
    'metrics: { of: upscaled, use: [psnr, ssim, lr-consistency, unexplained-detail], as: measured }',
  ),
  cell('look', 'compare: { of: measured, rows: [sign, face, facade, page] }'),
]
const STUDY = study(
  'Pictures',
  ...LOOK,
  cell(
    'grid',
    'gallery: { of: measured, tags: { sign: { realesr-general-x4v3: [letters] }, page: { realesr-general-x4v3: [letters] }, face: { realesr-general-x4v3: [teeth] } } }',
  ),
  cell('plot', 'correlate: { of: measured, x: [psnr, ssim, lr-consistency], y: unexplained-detail }'),
  cell(
    'tune',
    'train: { model: realesr-general-x4v3, on: photos, reward: { l1: 1 }, held: [sign, face], steps: 60, every: 10, guards: off, as: tuned }',
  ),
)
const SHOWN = study(
  'What did the model invent?',
  '# What did the model invent?\n\nA generative model makes the image sharp, and sharpness says nothing about truth. Look at the letters.\n',
  ...LOOK,
)

interface Picture {
  name: string
  /** Which of the study's outputs. */
  wanted(output: StudyOutput): boolean
  /** In CSS px; what is higher than `height` is cut off. */
  width: number
  height?: number
  /** Brings the output into the state that is shown. */
  prepare(view: RendererPage): Promise<unknown>
}

const press = async ({ page }: RendererPage, ...keys: string[]) => {
  await page.focus('.compare-stage')
  for (const key of keys) await page.keyboard.press(key)
}

const PICTURES: Picture[] = [
  {
    name: 'swipe',
    wanted: ({ cell }) => cell === 'look',
    width: 780,
    prepare: view => press(view, ']', ']', ']', 'w', '5'),
  },
  {
    name: 'difference',
    wanted: ({ cell }) => cell === 'look',
    width: 780,
    prepare: async view => {
      await press(view, ']', ']', ']', 'd', '5', 'l')
      await view.page.getByLabel('Gain').selectOption('2')
    },
  },
  {
    name: 'gallery',
    wanted: ({ cell }) => cell === 'grid',
    width: 900,
    height: 462,
    prepare: ({ page }) => page.getByLabel('Sort', { exact: true }).selectOption('psnr'),
  },
  {
    name: 'chart',
    wanted: ({ cell, id }) => cell === 'plot' && id === 'scatter',
    width: 720,
    prepare: async ({ page }) => {
      await page.locator('.mark-symbol.role-mark path').nth(3).hover()
      await page.locator('.chart-tip canvas[data-state=ready]').waitFor()
    },
  },
  {
    name: 'table',
    wanted: ({ cell, renderer }) => cell === 'measure' && renderer === 'table',
    width: 840,
    prepare: ({ page }) => page.getByRole('columnheader', { name: 'PSNR' }).getByRole('button').click(),
  },
  {
    name: 'training',
    wanted: ({ renderer }) => renderer === 'training',
    width: 980,
    prepare: async () => {},
  },
]

const THEMES = { light: 'Default Light Modern', dark: 'Default Dark Modern' } as const
type Theme = keyof typeof THEMES

function runStudy(folder: string): void {
  cpSync(join(ROOT, 'notebooks', 'examples'), join(folder, 'examples'), { recursive: true })
  const study = join(folder, 'pictures.mirage.md')
  writeFileSync(study, STUDY)
  execFileSync(process.execPath, [join(ROOT, 'bin', 'mirage.mjs'), 'run', study], { stdio: 'inherit' })
}

async function write(name: string, theme: Theme, png: Buffer): Promise<void> {
  const file = join(IMAGES, `${name}-${theme}.png`)
  await sharp(png).png({ palette: true, colours: 160, effort: 10 }).toFile(file)
}

async function takeOutput(folder: string, picture: Picture, theme: Theme): Promise<void> {
  const output = outputsOf(folder, 'pictures').find(candidate => picture.wanted(candidate))
  if (!output) throw new Error(`The study has no output for ${picture.name}.`)
  const { renderer, json } = output
  const { width, height = Number.POSITIVE_INFINITY } = picture
  const browser = await launch()
  try {
    const view = await openRenderer(browser, {
      renderer,
      theme,
      objects: savedObjects(folder, 'pictures'),
      width: width + 2 * MARGIN,
      height: 1600,
      ratio: RATIO,
    })
    await view.page.addStyleTag({ content: `body { margin: ${MARGIN}px !important }` })
    await view.show(json)
    await view.settle()
    await picture.prepare(view)
    await view.page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur())
    await view.settle()
    const box = (await view.page.locator('#outputs').boundingBox())!
    const size = { width: width + 2 * MARGIN, height: Math.min(height, box.height) + 2 * MARGIN }
    await write(picture.name, theme, await view.page.screenshot({ clip: { x: 0, y: 0, ...size } }))
    if (view.problems.length > 0) throw new Error(view.problems.join('\n'))
  } finally {
    await browser.close()
  }
}

/** The comparison as it stands in a notebook, put back from what was saved with the study; the other cells show none. */
async function takeEditor(folder: string, theme: Theme): Promise<void> {
  const host = await startHost({ settings: { 'workbench.colorTheme': THEMES[theme] } })
  try {
    writeFileSync(join(host.workspace, 'study.mirage.md'), SHOWN)
    cpSync(join(folder, 'pictures.mirage.outputs'), join(host.workspace, 'study.mirage.outputs'), {
      recursive: true,
    })
    const index = join(host.workspace, 'study.mirage.outputs', OUTPUTS_INDEX)
    writeFileSync(index, printOutputs(keepOutputs(readOutputs(readFileSync(index, 'utf8')), ['look'])))
    const workbench = await Workbench.open(host, { width: 1240, height: 1000, ratio: RATIO })
    await workbench.openStudy('study.mirage.md')
    await workbench.command('View: Close Primary Side Bar')
    const frame = await workbench.output('canvas.mirage-pane-canvas[data-role="sr"][data-state="ready"]')
    await frame.locator('.compare-stage').focus()
    for (const key of [']', ']', ']', '3', '5']) await workbench.page.keyboard.press(key)
    await frame.locator('canvas[data-method="realesr-general-x4v3"][data-state="ready"]').waitFor()
    await frame.evaluate(() => (document.activeElement as HTMLElement | null)?.blur())
    await workbench.page.waitForTimeout(1000)
    await write('compare', theme, await workbench.page.screenshot())
    await workbench.close()
  } finally {
    await host.stop()
  }
}

const [given, ...chosen] = process.argv.slice(2)
const folder = resolve(given ?? mkdtempSync(join(tmpdir(), 'mirage-pictures-')))
const wanted = (name: string) => chosen.length === 0 || chosen.includes(name)
mkdirSync(folder, { recursive: true })
mkdirSync(IMAGES, { recursive: true })
runStudy(folder)
for (const theme of ['light', 'dark'] as const) {
  for (const picture of PICTURES) if (wanted(picture.name)) await takeOutput(folder, picture, theme)
  if (wanted('compare')) await takeEditor(folder, theme)
}
