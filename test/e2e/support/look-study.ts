import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { writeGraph } from '../../../src/kernel/onnx/write.ts'
import { compact } from '../../unit/autodiff/networks.ts'
import type { TestCell } from './studies.ts'
import { writeStudy } from './studies.ts'

export const IMAGES = ['clock', 'face', 'page', 'sign']
const SIDE = 64

/** What the method `invents` adds to the truth: 40 levels of each channel, in this square of every image. */
export const INVENTED = { x: 16, y: 24, side: 16, levels: 40 }
export const FINDING = 'a bright square that is not there'

type Draw = (x: number, y: number) => number

async function writeGrey(path: string, side: number, draw: Draw): Promise<void> {
  const pixels = Buffer.alloc(side * side * 3)
  for (let i = 0; i < side * side; i++)
    pixels.fill(
      Math.round(draw(((i % side) + 0.5) / side, (Math.floor(i / side) + 0.5) / side)),
      i * 3,
      i * 3 + 3,
    )
  const image = sharp(pixels, { raw: { width: side, height: side, channels: 3 } })
  await writeFile(path, await image.png().toBuffer())
}

/** Soft waves, another for every image; levels of 50 to 200. */
const truth =
  (image: number): Draw =>
  (x, y) =>
    125 + 75 * Math.sin(5 * x + image) * Math.cos(4 * y - image)

const invented: Draw = (x, y) => {
  const inside = (at: number, from: number) => at * SIDE >= from && at * SIDE < from + INVENTED.side
  return inside(x, INVENTED.x) && inside(y, INVENTED.y) ? INVENTED.levels : 0
}

const CELLS: TestCell[] = [
  {
    id: 'load',
    text: 'triplets:\n  lr: images/lr/*.png\n  gt: images/gt/*.png\n  sr: { blurs: images/blurs/*.png, invents: images/invents/*.png }\n  as: photos',
  },
  { id: 'measure', text: 'metrics: { of: photos, use: [psnr, ssim], maps: false, as: measured }' },
  {
    id: 'judge',
    text: 'score: { of: measured, prompt: hs-regions, judge: { answers: answers.jsonl }, as: judged }',
  },
  { id: 'look', text: 'compare: { of: judged }' },
  { id: 'grid', text: 'gallery: { of: judged, as: tagged }' },
  { id: 'plot', text: 'correlate: { of: judged, x: [psnr], y: hs, bootstrap: 200 }' },
  { id: 'people', text: 'rate: { of: photos, methods: [invents], to: people.csv, traps: 0 }' },
  {
    id: 'tune',
    text: 'train:\n  model: { file: compact.onnx, range: 0..1, scale: 2 }\n  on: photos\n  reward: { l1: 1 }\n  watch: { ssim: 0 }\n  adapter: all\n  batch: 2\n  crop: 12\n  steps: 1000000\n  every: 200\n  held: [page, sign]\n  guards: off\n  as: tuned',
  },
]

/** A study whose cells show every renderer: images with a planted square, recorded judgements with boxes, a tiny network. */
export async function writeLookStudy(folder: string): Promise<void> {
  const sizes = { lr: SIDE / 2, gt: SIDE, blurs: SIDE, invents: SIDE }
  for (const [role, side] of Object.entries(sizes)) {
    await mkdir(join(folder, 'images', role), { recursive: true })
    for (const [i, name] of IMAGES.entries()) {
      const exact = truth(i)
      const draw: Record<string, Draw> = {
        lr: exact,
        gt: exact,
        blurs: (x, y) => 125 + (exact(x, y) - 125) * (0.9 - i / 20),
        invents: (x, y) => exact(x, y) + invented(x, y),
      }
      await writeGrey(join(folder, 'images', role, `${name}.png`), side, draw[role])
    }
  }
  const box = [INVENTED.x, INVENTED.y, INVENTED.x + INVENTED.side, INVENTED.y + INVENTED.side].map(
    at => at / SIDE,
  )
  const answers = IMAGES.flatMap((image, i) => [
    { image, method: 'blurs', score: 5, elements: [] },
    {
      image,
      method: 'invents',
      score: 1 + (i % 3),
      elements: [{ what: FINDING, where: 'left', kind: 'P1', severity: 4, box }],
    },
  ])
  await writeFile(join(folder, 'answers.jsonl'), answers.map(line => `${JSON.stringify(line)}\n`).join(''))
  await writeFile(join(folder, 'compact.onnx'), writeGraph(compact(7).graph))
  await writeStudy(folder, 'look.mirage.md', CELLS)
}

export const LOOK_CELLS = CELLS.length
