import { resolve } from 'node:path'
import { MirageError } from '../errors.ts'
import { fileHash, fileHashes } from '../images/file-hash.ts'
import { MIME } from '../protocol/mime.ts'
import type { Fingerprint, StepContext, StepDefinition } from '../step.ts'
import type { Row, StudyTable } from '../value.ts'
import { inChunks } from './chunks.ts'
import { comparePayload } from './payloads.ts'
import type { FoundFile } from './triplets/find.ts'
import type { Triplet } from './triplets/pair.ts'
import { params } from './triplets/params.ts'
import { selectTriplets } from './triplets/select.ts'
import { checkSizes, type SizedTriplet } from './triplets/sizes.ts'
import { conversionNotes, listed, summary } from './triplets/summary.ts'

/** Triplets shown below the cell. */
const PREVIEW = 8
/** Files per compute job. */
const CHUNK = 16

/** Loads LR, GT and SR images into a study table. */
export const triplets: StepDefinition<typeof params> = {
  name: 'triplets',
  version: 1,
  summary: 'Loads LR, SR and GT images, matched by file name, into a table.',
  params,
  granularity: 'table',

  async fingerprint(values, { folder, store, signal }): Promise<Fingerprint> {
    const { triplets: list } = await selectTriplets(values, folder)
    const files = list.flatMap(filesOf)
    const hashes = await fileHashes(store, files, signal)
    // In the order of canonical JSON: a copy of a hundred thousand entries in that order would be a large one.
    const order = files.map((_, i) => i).sort((a, b) => (files[a].name < files[b].name ? -1 : 1))
    const images: Fingerprint[string] = {}
    for (const i of order) images[files[i].name] = hashes[i]
    const { manifest } = values
    if (manifest === undefined) return { images }
    const hash = await fileHash(store, resolve(folder, manifest), manifest)
    return { images, manifest: { [manifest]: hash } }
  },

  async *run(values, context) {
    const { triplets: list, notes } = await selectTriplets(values, context.folder)
    for (const text of notes) yield { type: 'note', text }
    const ingested = yield* ingest(list, context)
    for (const text of conversionNotes(ingested)) yield { type: 'note', text }
    const asFound = list.map((triplet): SizedTriplet => {
      const image = (file: FoundFile | undefined) => file && ingested.get(file.path)?.image
      const sr = Object.entries(triplet.sr).map(([method, file]) => [method, ingested.get(file.path)!.image])
      return { id: triplet.id, lr: image(triplet.lr), gt: image(triplet.gt), sr: Object.fromEntries(sr) }
    })
    const sized = values.downscale ? yield* withLr(asFound, values.scale!, context) : asFound
    const scale = checkSizes(sized, values.scale)
    const table: StudyTable = { kind: 'table', scale, columns: [], rows: sized.flatMap(rowsOf) }
    const shown = sized.slice(0, PREVIEW).map(({ id }) => id)
    const text = summary(sized, table, shown.length)
    const made = values.downscale ? '\nLR is made from GT by antialiased bicubic.' : ''
    return {
      value: table,
      outputs: [
        {
          id: 'triplets',
          items: [
            { mime: MIME.compare, json: comparePayload(table, shown) },
            { mime: 'text/plain', text: text + made },
          ],
        },
      ],
      lock: {
        scale: scale ?? null,
        lr: values.downscale ? 'antialiased bicubic (imresize) of GT, 8 bits' : 'files',
      },
    }
  },
}

function filesOf({ lr, gt, sr }: Triplet): FoundFile[] {
  return [lr, gt, ...Object.values(sr)].filter(file => file !== undefined)
}

async function* ingest(list: Triplet[], { compute, signal }: StepContext) {
  const wanted = [...new Map(list.flatMap(filesOf).map(file => [file.path, file])).values()]
  const results = yield* inChunks({
    items: wanted,
    size: CHUNK,
    label: 'Reading images',
    unit: 'images',
    signal,
    run: (chunk, stop, onDone) =>
      compute.run(
        'ingest',
        { files: chunk },
        { signal: stop, lane: 'cpu', onProgress: ({ done }) => onDone(done) },
      ),
  })
  return new Map(results.map((result, i) => [wanted[i].path, result]))
}

/** The same triplets with an LR made from their GT, and with the GT that fits it. */
async function* withLr(list: SizedTriplet[], scale: number, { compute, signal }: StepContext) {
  const made = yield* inChunks({
    items: list,
    size: CHUNK,
    label: 'Making LR from GT',
    unit: 'images',
    signal,
    run: (chunk, stop, onDone) => {
      const images = chunk.map(({ id, gt }) => ({
        gt: requireGt(id, gt),
        name: `${id} (GT, bicubic 1/${scale})`,
      }))
      return compute.run(
        'degrade',
        { images, scale },
        { signal: stop, lane: 'cpu', onProgress: ({ done }) => onDone(done) },
      )
    },
  })
  const cut = list.filter(({ gt }, i) => made[i].gt.hash !== gt?.hash).map(({ id }) => id)
  if (cut.length > 0)
    yield { type: 'note' as const, text: `GT cut to multiples of ${scale}: ${listed(cut)}.` }
  return list.map((triplet, i): SizedTriplet => ({ ...triplet, ...made[i] }))
}

function requireGt(id: string, gt: SizedTriplet['gt']) {
  if (gt) return gt
  throw new MirageError({
    code: 'gt-missing',
    message: `"${id}" has no GT to make an LR from.`,
    remedy: 'Give every image a GT, or leave `downscale` out.',
  })
}

function rowsOf({ id, lr, gt, sr }: SizedTriplet): Row[] {
  const shared = { ...(lr && { lr }), ...(gt && { gt }) }
  const methods = Object.entries(sr)
  if (methods.length === 0) return [{ id, method: null, images: shared, values: {} }]
  return methods.map(([method, image]) => ({ id, method, images: { ...shared, sr: image }, values: {} }))
}
