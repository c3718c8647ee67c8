// Everything that was tried for the HS estimate, from the table that notebooks/hs-estimate.mirage.md exports:
//   npx mirage run notebooks/hs-estimate.mirage.md && node scripts/hs-estimate.ts
// Prints a table of attempts for docs/hs-estimate.md. "Found" is the figure with all images at hand, after looking;
// "nested" is chosen anew for each tenth of the images by the others, so that looking pays nothing.
import { readFileSync } from 'node:fs'
import { parse } from 'csv-parse/sync'
import { crossValidated } from '../src/kernel/stats/calibration/cross-validate.ts'
import type { Known } from '../src/kernel/stats/calibration/fit.ts'
import { spearman } from '../src/kernel/stats/correlation/spearman.ts'
import { clusterBy } from '../src/kernel/stats/resampling/clusters.ts'
import { createRng } from '../src/kernel/stats/resampling/rng.ts'

const TABLE = process.argv[2] ?? 'notebooks/results/hs-estimate.csv'
const GENERATIVE = ['osediff', 'realesr-general-x4v3', 'realesrgan-x4plus']
const FOLDS = 10
const SEEDS = [1, 2, 3, 4, 5]

type Values = Record<string, number>
interface Row {
  id: string
  generative: boolean
  hs: number
  values: Values
}

const rows: Row[] = (parse(readFileSync(TABLE), { columns: true }) as Record<string, string>[])
  .filter(({ hs }) => hs !== '')
  .map(({ id, method, hs, ...values }) => ({
    id,
    generative: GENERATIVE.includes(method),
    hs: Number(hs),
    values: Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Number(value)])),
  }))
const images = clusterBy(rows.map(({ id }) => id))
const y: Known = { name: 'hs', values: Float64Array.from(rows, ({ hs }) => hs) }
const generative = rows.flatMap((row, i) => (row.generative ? i : []))

/** A number per row from its measures. */
type Measure = [name: string, of: (values: Values) => number]
const plain = (name: string): Measure => [name, values => values[name]]
const added = (values: Values) => Math.max(0, values['added-detail'])

const SINGLE: Measure[] = [
  'psnr',
  'ssim',
  'gmsd',
  'lr-consistency',
  'sharpness',
  'unexplained-detail',
  'unexplained_lr',
  'detail-agreement',
  'hallucination',
  'omission',
  'inception',
  'inception_lr',
  'added-detail',
  'clutter',
  'clutter_8',
  'orientation',
  'orientation_6',
  'orientation_24',
  'orientation_lr',
].map(plain)

const POWERS = [0.1, 0.2, 0.3, 0.5, 1]
const HALVES = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1]
const PRODUCTS: Measure[] = [
  ['added x clutter', v => added(v) * v.clutter],
  ['added x (1 - detail agreement)', v => added(v) * (1 - v['detail-agreement'])],
  ['added x sqrt(1 - detail agreement)', v => added(v) * Math.sqrt(Math.max(0, 1 - v['detail-agreement']))],
  ['added x gmsd', v => added(v) * v.gmsd],
  ['added x hallucination', v => added(v) * v.hallucination],
  ['added x (1 - ssim)^0.3', v => added(v) * (1 - v.ssim) ** 0.3],
  ...['orientation', 'orientation_6', 'orientation_24', 'orientation_lr'].flatMap(name =>
    POWERS.map((p): Measure => [`added x ${name}^${p}`, v => added(v) * Math.max(0, v[name]) ** p]),
  ),
  ...HALVES.map(
    (half): Measure => [
      `added x o / (o + ${half})`,
      v => (added(v) * v.orientation) / (v.orientation + half),
    ],
  ),
]

/** Sums of several measures, weighted by ridge regression. */
const SUMS: string[][] = [
  ['added-detail', 'clutter'],
  ['added-detail', 'orientation'],
  ['added-detail', 'clutter', 'orientation'],
  ['added-detail', 'clutter', 'lr-consistency'],
  ['added-detail', 'clutter', 'unexplained-detail'],
  ['added-detail', 'clutter', 'hallucination'],
  ['lr-consistency', 'sharpness', 'unexplained-detail', 'detail-agreement', 'gmsd', 'inception_lr'],
  SINGLE.map(([name]) => name),
]

const column = ([name, of]: Measure): Known => ({
  name,
  values: Float64Array.from(rows, row => of(row.values)),
})

/** SRCC with HS within the generative methods, over all of them and within images; pooled over all methods. */
function figures(values: Float64Array): { generative: number; within: number; pooled: number } {
  const take = (of: Float64Array) => Float64Array.from(generative, row => of[row])
  const centred = (of: Float64Array) => {
    const byImage = Map.groupBy(generative, row => rows[row].id)
    return Float64Array.from(generative, row => {
      const members = byImage.get(rows[row].id)!
      return of[row] - members.reduce((sum, other) => sum + of[other], 0) / members.length
    })
  }
  return {
    generative: spearman(take(values), take(y.values)),
    within: spearman(centred(values), centred(y.values)),
    pooled: spearman(values, y.values),
  }
}

function print(name: string, found: ReturnType<typeof figures>, note = ''): void {
  const signed = (value: number) => `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(2)}`
  console.log(
    `| ${name} | ${signed(found.pooled)} | ${signed(found.generative)} | ${signed(found.within)} | ${note} |`,
  )
}

/** Mean figures of out-of-fold estimates over several ways to deal the images. */
function validated(xs: Known[], ridge: number): ReturnType<typeof figures> {
  const all = SEEDS.map(seed =>
    figures(crossValidated(xs, y, images, { form: 'linear', range: [1, 5], ridge }, FOLDS, createRng(seed))),
  )
  const mean = (key: keyof (typeof all)[0]) => all.reduce((sum, one) => sum + one[key], 0) / all.length
  return { generative: mean('generative'), within: mean('within'), pooled: mean('pooled') }
}

/** The measure is chosen by the images of the other folds, by its SRCC within the generative methods, and fitted to them. */
function nested(
  measures: Measure[],
  seed: number,
): { figures: ReturnType<typeof figures>; chosen: string[] } {
  const order = Int32Array.from({ length: images.count }, (_, i) => i)
  createRng(seed).shuffle(order)
  const fold = new Int32Array(images.count)
  order.forEach((image, place) => {
    fold[image] = place % FOLDS
  })
  const columns = measures.map(column)
  const estimates = new Float64Array(rows.length)
  const chosen: string[] = []
  for (let f = 0; f < FOLDS; f++) {
    const known = generative.filter(row => fold[images.of[row]] !== f)
    const target = Float64Array.from(known, row => y.values[row])
    const strength = columns.map(({ values }) =>
      spearman(
        Float64Array.from(known, row => values[row]),
        target,
      ),
    )
    const best = strength.reduce((at, value, i) => (Math.abs(value) > Math.abs(strength[at]) ? i : at), 0)
    chosen.push(measures[best][0])
    const { values } = columns[best]
    const train = rows.flatMap((_, row) => (fold[images.of[row]] !== f ? row : []))
    const meanX = train.reduce((sum, row) => sum + values[row], 0) / train.length
    const meanY = train.reduce((sum, row) => sum + y.values[row], 0) / train.length
    const covariance = train.reduce((sum, row) => sum + (values[row] - meanX) * (y.values[row] - meanY), 0)
    const variance = train.reduce((sum, row) => sum + (values[row] - meanX) ** 2, 0)
    for (const [row] of rows.entries())
      if (fold[images.of[row]] === f) estimates[row] = meanY + (covariance / variance) * (values[row] - meanX)
  }
  return { figures: figures(estimates), chosen }
}

console.log(`${rows.length} judged results of ${images.count} images, ${generative.length} generative\n`)
console.log('| attempt | pooled | generative | within image | |\n| --- | --- | --- | --- | --- |')
const present = SINGLE.filter(([name]) => name in rows[0].values)
for (const measure of present) print(measure[0], figures(column(measure).values), 'raw')
for (const measure of PRODUCTS) print(measure[0], figures(column(measure).values), 'raw')
for (const names of SUMS) {
  const used = names.filter(name => name in rows[0].values)
  const name = used.length > 6 ? `all ${used.length} single measures` : used.join(' + ')
  print(name, validated(used.map(plain).map(column), 5), 'ridge, cross-validated')
}
print('invented-detail (shipped)', validated([column(plain('invented-detail'))], 0), 'line, cross-validated')
for (const [name, measures] of [
  ['the best single measure', present],
  ['the best of all singles and products', [...present, ...PRODUCTS]],
] as const) {
  const all = SEEDS.map(seed => nested([...measures], seed))
  const mean = (key: 'generative' | 'within' | 'pooled') =>
    all.reduce((sum, { figures }) => sum + figures[key], 0) / all.length
  const counts = [
    ...Map.groupBy(
      all.flatMap(({ chosen }) => chosen),
      chosen => chosen,
    ),
  ]
    .map(([chosen, times]) => `${chosen} ${times.length}`)
    .join(', ')
  print(
    name,
    { generative: mean('generative'), within: mean('within'), pooled: mean('pooled') },
    `nested: ${counts}`,
  )
}
