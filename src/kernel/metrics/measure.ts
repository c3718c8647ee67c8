import { decodeImage } from '../images/decode.ts'
import { encodeMap } from '../images/encode.ts'
import { ingestBytes } from '../images/ingest.ts'
import type { ImageRef } from '../protocol/mime.ts'
import { hashOf } from '../store/canonical.ts'
import type { Store } from '../store/store.ts'
import type { Row } from '../value.ts'
import type { FeatureSource } from './features/network.ts'
import { metricImages, type NamedPixels } from './images.ts'
import type { MetricDefinition, MetricImages } from './metric.ts'
import { metricByName } from './registry.ts'
import type { MeasuredRow, Use } from './row.ts'

/** What is kept of one metric of one row. */
interface Kept {
  value: number | null
  why?: string
  /** Null where the metric has no map; absent where none was asked for. */
  map?: { image: ImageRef; range: [number, number] } | null
}

export interface MeasureOptions {
  store: Store
  maps: boolean
  /** The network of a use that has one. */
  networkOf(use: Use): FeatureSource | undefined
}

/**
 * Measures some rows together. What was measured before with the same settings, version, weights and images comes from
 * the store; images are only decoded for the rest.
 */
export async function measureRows(
  rows: readonly Row['images'][],
  uses: readonly Use[],
  options: MeasureOptions,
): Promise<MeasuredRow[]> {
  const tasks = await Promise.all(rows.map(images => tasksOf(images, uses, options)))
  const decoded = await Promise.all(
    rows.map((images, i) => (tasks[i].some(isOpen) ? decodeRow(images, options.store) : undefined)),
  )
  for (const use of uses) await prepare(use, tasks, decoded, options)
  const measured: MeasuredRow[] = []
  for (const [i, list] of tasks.entries()) measured.push(await finish(list, decoded[i], options))
  return measured
}

/** One metric of one row. */
interface Task {
  use: Use
  metric: MetricDefinition
  settings: Record<string, unknown>
  key: string
  /** What is known already: from the store, or because an image is absent. */
  kept?: Kept
}

const isOpen = ({ kept }: Task) => kept === undefined

async function tasksOf(
  images: Row['images'],
  uses: readonly Use[],
  options: MeasureOptions,
): Promise<Task[]> {
  return Promise.all(
    uses.map(async (use): Promise<Task> => {
      const metric = metricByName(use.metric)
      const settings = metric.settings.parse(use.settings)
      const needed = ['sr', ...metric.needs(settings)] as const
      const key = keyOf(metric, settings, use, images, needed)
      const why = absence(images, needed)
      const kept = why === undefined ? await fromStore(options, key) : { value: null, why }
      return { use, metric, settings, key, kept }
    }),
  )
}

/** Lets a network see the images of all rows together, where that is faster. */
async function prepare(
  use: Use,
  tasks: readonly Task[][],
  decoded: readonly (MetricImages | undefined)[],
  { networkOf }: MeasureOptions,
): Promise<void> {
  const network = networkOf(use)
  if (!network || network.batch === 1) return
  const wanted = tasks.flatMap((list, i) => {
    const task = list.find(each => each.use === use)
    const images = decoded[i]
    if (!task || !isOpen(task) || !images) return []
    const references = task.metric
      .needs(task.settings)
      .map(role => (role === 'lr' ? images.enlargedLr() : images[role]!))
    return [images.sr, ...references]
  })
  await network.prepare(wanted)
}

async function finish(
  tasks: Task[],
  images: MetricImages | undefined,
  options: MeasureOptions,
): Promise<MeasuredRow> {
  const row: MeasuredRow = { values: {}, missing: {}, overlays: [] }
  for (const task of tasks) {
    const { column, settings } = task.use
    const { value, why, map } = task.kept ?? (await measureOne(task, images!, options))
    row.values[column] = value
    if (value === null) row.missing[column] = why ?? 'not defined for these images'
    const { label, direction, mapDirection = direction } = task.metric
    if (options.maps && map)
      row.overlays.push({ name: column, label, ...map, direction: mapDirection, settings })
  }
  return row
}

async function measureOne(
  task: Task,
  images: MetricImages,
  { store, maps, networkOf }: MeasureOptions,
): Promise<Kept> {
  const { value, why, map } = await task.metric.measure(images, task.settings, networkOf(task.use))
  const kept: Kept = { value, why }
  if (!map) kept.map = null
  else if (maps) {
    const { image } = await ingestBytes(store, await encodeMap(map.plane(), map.range), 'map')
    kept.map = { image, range: map.range }
  }
  await store.putRecord('metric', task.key, kept)
  return kept
}

async function fromStore({ store, maps }: MeasureOptions, key: string): Promise<Kept | undefined> {
  const kept = await store.getRecord<Kept>('metric', key)
  if (!kept || !maps || kept.map === null) return kept
  return kept.map && (await store.hasObject(kept.map.image.hash)) ? kept : undefined
}

/** Why a row cannot be measured, or undefined. */
function absence(images: Row['images'], needed: readonly ('sr' | 'gt' | 'lr')[]): string | undefined {
  const lacks = needed.find(role => !images[role])
  if (lacks) return `no ${lacks.toUpperCase()}`
  const { sr, gt } = images
  if (!needed.includes('gt') || !sr || !gt || (sr.width === gt.width && sr.height === gt.height))
    return undefined
  return `SR is ${sr.width}x${sr.height}, GT is ${gt.width}x${gt.height}`
}

function keyOf(
  metric: MetricDefinition,
  settings: Record<string, unknown>,
  { network }: Use,
  images: Row['images'],
  needed: readonly ('sr' | 'gt' | 'lr')[],
): string {
  return hashOf({
    metric: metric.name,
    version: metric.version,
    settings,
    network: network && { ...network, onnx: undefined },
    images: needed.map(role => images[role]?.hash),
  })
}

async function decodeRow({ sr, gt, lr }: Row['images'], store: Store): Promise<MetricImages> {
  const load = async (image: ImageRef): Promise<NamedPixels> => {
    const { pixels } = await decodeImage(await store.getObject(image.hash), image.name)
    return { hash: image.hash, pixels }
  }
  const [a, b, c] = await Promise.all([load(sr!), gt && load(gt), lr && load(lr)])
  return metricImages({ sr: a, gt: b, lr: c })
}
