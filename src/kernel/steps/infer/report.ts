import type { InferredImage } from '../../compute/jobs/infer.ts'
import { counted } from '../../counted.ts'
import type { ProviderState } from '../../models/providers.ts'
import type { ResolvedModel } from '../../models/resolve.ts'
import type { Output } from '../../protocol/messages.ts'
import { type ColumnInfo, MIME, type TablePayload } from '../../protocol/mime.ts'
import type { RowFailure } from '../../step.ts'
import type { StudyTable } from '../../value.ts'
import { comparePayload } from '../payloads.ts'
import { describePlaced, type Placed } from './placed.ts'

/** Triplets shown below the cell. */
const PREVIEW = 8

export interface ModelRun {
  model: ResolvedModel
  tile: number
  overlap: number
  /** In the order of the images that were asked for. */
  results: (InferredImage | RowFailure)[]
  /** Those that were made. */
  images: InferredImage[]
  /** Of a run on another provider than the CPU that made something. */
  placed?: Placed
}

/** The first images in the comparison. */
export function previewOutput(table: StudyTable): Output {
  const ids = [...new Set(table.rows.map(({ id }) => id))]
  const payload = comparePayload(table, ids.slice(0, PREVIEW))
  const methods = [...new Set(table.rows.flatMap(({ method }) => method ?? []))]
  const more = ids.length > PREVIEW ? ` (the first ${PREVIEW} are shown)` : ''
  const text = `${ids.length} images${more}: ${methods.join(', ')}`
  return {
    id: 'images',
    items: [
      { mime: MIME.compare, json: payload },
      { mime: 'text/plain', text },
    ],
  }
}

/** How each model ran. */
export function runOutput(runs: ModelRun[], asked: string, states: ProviderState[]): Output {
  const rows = runs.map(summarise)
  const absent = states.filter(({ works, reason }) => !works && !reason?.startsWith('not available on'))
  const payload: TablePayload = {
    caption: 'How the models ran',
    keys: ['method', 'kind', 'provider', 'images', 'cached', 'tiles'],
    columns: [SPEED, MEMORY],
    rows,
    notes: [
      `Provider asked for: ${asked}.`,
      ...runs.flatMap(({ model: { method }, results, images }) =>
        images.length < results.length
          ? `${method}: ${results.length - images.length} more could not be enlarged.`
          : [],
      ),
      ...runs.flatMap(({ model: { method }, placed }) =>
        placed ? `${method}: ${describePlaced(placed).text}.` : [],
      ),
      ...absent.map(({ name, reason }) => `Not working here: ${name} (${reason}).`),
    ],
  }
  const lines = rows.map(
    ({ method, kind, provider, images, cached, tiles, mps }) =>
      `${method} (${kind}): ${counted(images, 'image')}, ${cached} from the cache, ${counted(tiles, 'tile')}, ${provider}, ${mps === null ? 'not timed' : `${mps} MP/s`}`,
  )
  return {
    id: 'run',
    items: [
      { mime: MIME.table, json: payload },
      { mime: 'text/plain', text: lines.join('\n') },
    ],
  }
}

const SPEED: ColumnInfo = {
  name: 'mps',
  label: 'Speed',
  unit: 'MP/s',
  direction: 'higher',
  settings: { counted: 'SR pixels per second on the device, without images from the cache' },
  version: '1',
  source: 'measured',
}

const MEMORY: ColumnInfo = {
  name: 'memory',
  label: 'Peak memory',
  unit: 'GB',
  direction: 'lower',
  settings: { counted: 'resident memory of the compute process, with all that it has loaded' },
  version: '1',
  source: 'measured',
}

function summarise({ model, images }: ModelRun) {
  const fresh = images.filter(({ cached }) => !cached)
  const seconds = fresh.reduce((sum, image) => sum + image.seconds, 0)
  const peak = Math.max(0, ...fresh.map(({ memory = 0 }) => memory))
  const megapixels = fresh.reduce((sum, { sr }) => sum + (sr.width * sr.height) / 1e6, 0)
  return {
    method: model.method,
    kind: model.manifest.kind,
    provider: [...new Set(images.map(({ provider }) => provider))].join(', '),
    images: images.length,
    cached: images.length - fresh.length,
    tiles: images.reduce((sum, { tiles }) => sum + tiles, 0),
    mps: seconds > 0 ? Number((megapixels / seconds).toPrecision(3)) : null,
    memory: peak > 0 ? Number((peak / 1e9).toPrecision(2)) : null,
  }
}

/** What was done to images besides enlarging them, each once with the images it concerns. */
export function conversionNotes(runs: ModelRun[]): string[] {
  const pairs = runs.flatMap(({ images }) =>
    images.flatMap(({ id, notes }) => notes.map(note => ({ id, note }))),
  )
  return [...Map.groupBy(pairs, ({ note }) => note)].map(([note, items]) => {
    const ids = [...new Set(items.map(({ id }) => id))]
    const more = ids.length > 5 ? ` and ${ids.length - 5} more` : ''
    return `${ids.slice(0, 5).join(', ')}${more}: ${note}.`
  })
}
