import { develop, expose } from '../camera.ts'
import { type Hand, ink, type Segment, widthOf, write, writeCentred } from '../lettering.ts'
import { cells, fractal, noise } from '../random.ts'
import { blur, mixRgb, type Plane, picture, plane, sample, scaleRgb, smooth, srgb } from '../raster.ts'
import { look, rays, shine } from '../relief.ts'
import type { Scene } from './scene.ts'

const WIDTH = 1200
const HEIGHT = 1300
/** The fold between the two pages. */
const GUTTER = 210
const BODY: Hand = { size: 21, thick: 2.2, thin: 1, serif: 1.2, spacing: -0.1 }
const NOTE: Hand = { ...BODY, size: 16.5, thick: 1.7 }
const TITLE: Hand = { size: 34, thick: 2.2, thin: 0.7, serif: 1.6, spacing: 2.4 }
const LINE = 34
const MARGIN = { left: 330, right: 1130 }

const TEXT = [
  'A glass does not show us the thing; it shows what the thing has sent through the glass. Of the fine lines on a leaf, those that lie closer than the lens can part arrive as one even tone, and no patience of the eye will draw them out again. The engraver who copies such a plate must then decide: he may leave the tone as it is, and be called dull, or he may cut lines where he believes lines to be, and be praised for his sharpness.',
  'I have before me two copies of one sketch. In the first, the far windows of the house are smudges, as they were. In the second each has its bars, four by three, very neat; and when I went to the house on the 19th of June I found them round. Nothing in the sketch had forbidden the bars, nothing had asked for them. The hand had seen many windows and gave me the usual one.',
  'It is said that the second copy pleases more. I do not doubt it. Of 30 visitors to whom I showed both, 22 chose the one with bars, and of these 17 said that they could now see how the house was built. So the false line is not a fault like a blot, which all men see and allow for; it is a fault that is taken for knowledge, and it grows with the skill of the hand.',
  'I therefore keep three plates together: what came through the glass, what was there, and what was drawn; and I count the lines that stand in the last alone.',
]
const FOOTNOTES = [
  'Of 64 windows so drawn, 41 had bars that the house has not; see p. 208.',
  'Compare letter no. 7, where the same is said of faces, and of teeth.',
]

export const page: Scene = {
  name: 'page',
  shows: 'A page of small print near the limit of reading: letters that come back as other letters.',
  draw() {
    const print = plane(WIDTH, HEIGHT)
    ink(print, composed(), 1.4)
    const pressed = blur(print, 0.7)
    const height = plane(
      WIDTH,
      HEIGHT,
      (x, y) => bend(x, y) + 0.5 * fractal(x / 3, y / 3, 81, 3) - 0.5 * sample(pressed, x, y),
    )
    const through = blur(print, 2.5)
    const albedo = picture(WIDTH, HEIGHT, (x, y) => paper(x, y, sample(pressed, x, y), through))
    const lit = shine(
      { height, albedo },
      {
        sun: [0.72, -0.5, 0.62],
        sunColour: [1.02, 0.93, 0.77],
        skyColour: [0.27, 0.29, 0.33],
        penumbra: 0.5,
      },
    )
    const ray = rays({
      centre: [655, 610],
      turn: [-0.34, -0.12, 0.08],
      distance: 1500,
      scale: 3.45,
      lens: { diameter: 34, focus: -62 },
    })
    const light = expose(
      288,
      288,
      82,
      (x, y, u, v) => look(ray(x - 144, y - 144, u, v), height, 90, lit) ?? [0.03, 0.025, 0.02],
    )
    return develop(light, { seed: 83, gain: 1.05, vignette: 0.3 })
  },
}

/** Both pages rise from the fold and fall off outwards. */
function bend(x: number, y: number): number {
  const from = Math.abs(x - GUTTER)
  const rise = 70 * (1 - Math.exp(-from / 70)) * Math.exp(-from / 900)
  return rise + 5 * Math.sin(x / 330 + y / 800) + 7 * fractal(x / 400, y / 400, 84, 2)
}

function paper(x: number, y: number, ink: number, through: Plane) {
  const fibre = fractal(x / 2.4, y / 5, 85, 3) - 0.5
  const cloud = fractal(x / 90, y / 90, 86, 3) - 0.5
  const spot = cells(x / 120, y / 120, 87)
  const foxed = spot.id > 0.72 ? 0.35 * smooth(0.16, 0.02, spot.near + 0.06 * noise(x / 5, y / 5, 88)) : 0
  const age = 0.25 * smooth(60, 0, Math.abs(x - GUTTER))
  const ghost = 0.05 * sample(through, 2 * 730 - x, y + 17)
  const bare = mixRgb(srgb('#efe6d0'), srgb('#b98f5c'), foxed + age)
  const worn = ink * (0.96 + 0.25 * (fractal(x / 4, y / 4, 89, 2) - 0.6))
  return mixRgb(
    scaleRgb(bare, 1 + 0.09 * fibre + 0.06 * cloud - ghost),
    srgb('#221e1b'),
    Math.min(Math.max(worn, 0), 1),
  )
}

function composed(): Segment[] {
  const middle = (MARGIN.left + MARGIN.right) / 2
  const segments = [
    ...writeCentred('OF SEEING TOO MUCH', middle, 96, TITLE),
    ...write('207', MARGIN.right - 40, 44, BODY),
    ...rule(middle - 90, middle + 90, 128),
  ]
  let y = 184
  for (const paragraph of TEXT) {
    for (const line of broken(paragraph, MARGIN.right - MARGIN.left)) {
      segments.push(...line.at(MARGIN.left, y))
      y += LINE
    }
  }
  y += 4
  segments.push(...rule(MARGIN.left, MARGIN.left + 200, y - 22))
  for (const note of FOOTNOTES) {
    segments.push(...write(note, MARGIN.left, y + 8, NOTE))
    y += 26
  }
  // The ends of the lines on the page across.
  for (let line = 0; line < 34; line++) {
    const words = TEXT[line % 3]
      .split(' ')
      .slice(line * 2, line * 2 + 3)
      .join(' ')
    segments.push(...write(words, GUTTER - 60 - widthOf(words, BODY), 60 + line * LINE, BODY))
  }
  return segments
}

function rule(from: number, to: number, y: number): Segment[] {
  return [{ x0: from, y0: y, x1: to, y1: y, radius: 0.9 }]
}

/** Lines of a paragraph, stretched to the measure but for the last. */
function broken(paragraph: string, measure: number): { at(x: number, y: number): Segment[] }[] {
  const space = widthOf(' ', BODY) * 0.8
  const lines: string[][] = [[]]
  let used = 40
  for (const word of paragraph.split(' ')) {
    const width = widthOf(word, BODY)
    if (used + width > measure) {
      lines.push([])
      used = 0
    }
    lines[lines.length - 1].push(word)
    used += width + space
  }
  return lines.map((words, i) => ({
    at(x, y) {
      const indent = i === 0 ? 40 : 0
      const natural = words.reduce((sum, word) => sum + widthOf(word, BODY), indent)
      const gap = i === lines.length - 1 ? space : (measure - natural) / Math.max(words.length - 1, 1)
      let pen = x + indent
      return words.flatMap(word => {
        const segments = write(word, pen, y, BODY)
        pen += widthOf(word, BODY) + gap
        return segments
      })
    },
  }))
}
