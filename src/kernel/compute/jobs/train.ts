import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import sharp from 'sharp'
import { decodeImage } from '../../images/decode.ts'
import { encodePng } from '../../images/encode.ts'
import { ingestBytes } from '../../images/ingest.ts'
import { createPixels, type Pixels } from '../../images/pixels.ts'
import { METADATA_KEY } from '../../models/manifest.ts'
import { writeGraph } from '../../onnx/write.ts'
import type { ImageRef } from '../../protocol/mime.ts'
import { createFolderStore } from '../../store/folder-store.ts'
import type { Store } from '../../store/store.ts'
import { type Batch, batchAt, centre, checkImages } from '../../train/batches.ts'
import { readCheckpoint, setAside, sweepCheckpoints, writeCheckpoint } from '../../train/checkpoint.ts'
import { wish, wishes } from '../../train/control.ts'
import type { Evaluation, HeldValues } from '../../train/evaluation.ts'
import { imageMemory } from '../../train/image-memory.ts'
import { pixelsOf } from '../../train/patches.ts'
import { openProgram } from '../../train/program.ts'
import { type Outcome, type Point, type Progress, train as trainLoop } from '../../train/run.ts'
import { encodeSafetensors } from '../../train/safetensors.ts'
import type { Program } from '../../train/sessions.ts'
import { SHARPNESS, type TrainImage, type TrainSettings } from '../../train/settings.ts'
import type { JobDefinition } from './definition.ts'

export interface TrainParams {
  /** Names the training: its checkpoint, and the record by which it is paused. */
  run: string
  settings: TrainSettings
}

/** What is new since the last report. */
export interface TrainProgress {
  state: 'running' | 'paused'
  update: number
  points: Point[]
  evaluations: Evaluation[]
  tracked: Tracked[]
  secondsLeft?: number
}

/** A held-out image that is shown as it changes. */
export interface Tracked {
  id: string
  lr: ImageRef
  gt: ImageRef
}

export interface TrainResult {
  end: Outcome['end']
  /** The update whose weights these are. */
  from: number
  points: Point[]
  evaluations: Evaluation[]
  tracked: Tracked[]
  /** Store hashes of the merged network (ONNX) and of the trained numbers alone (safetensors). */
  onnx: string
  adapter: string
  /** How many numbers were trained. */
  trained: number
  /** The update that this run of the job went on from; 0 for a start. */
  resumed: number
  /** A checkpoint that could not be read, under the name that it has now. */
  damaged?: string
}

/** Held-out images that are shown. */
const TRACKED = 3
const REPORT_EVERY = 500

/**
 * Tunes a network. A training that was stopped goes on from its checkpoint, which is written at every look at the held-out
 * images and when the job is aborted.
 */
export const train: JobDefinition<TrainParams, TrainResult, TrainProgress> = {
  async run({ run, settings }, { storeRoot, signal, report }) {
    const store = createFolderStore(storeRoot)
    const { scale } = settings.model.manifest
    checkImages(settings.images, scale, settings.crop)
    checkImages(settings.held, scale, settings.heldCrop)
    const folder = join(storeRoot, 'training')
    const path = join(folder, `${run}.safetensors`)
    const read = imageMemory(async ref => (await decodeImage(store.objectPath(ref.hash), ref.name)).pixels)
    await sweepCheckpoints(path)
    const from = await readCheckpoint<Progress>(path)
    const damaged = from ? undefined : await setAside(path)
    await wish(store, run, 'run')
    const program = await openProgram(settings, folder)
    try {
      const held = await heldOut(settings, read)
      const tracked = await track(store, settings, held)
      const tell = reporter(settings, tracked, report)
      const outcome = await trainLoop(
        settings,
        {
          step: program.step,
          initial: program.initial,
          batch: step => batchAt(step, { ...settings, scale }, read, jpeg),
          evaluate: (theta, update) => evaluate(store, settings, program, held, theta, update),
          save: checkpoint => writeCheckpoint(path, checkpoint),
          control: wishes(store, run),
          breathe: milliseconds => setTimeout(milliseconds),
          report: tell,
          signal,
        },
        from,
      )
      const files = await keep(store, settings, program, outcome)
      const { points, evaluations } = outcome.progress
      return {
        ...files,
        end: outcome.end,
        from: outcome.from,
        points,
        evaluations,
        tracked,
        trained: outcome.theta.length,
        resumed: from?.progress.update ?? 0,
        ...(damaged && { damaged }),
      }
    } finally {
      await program.end()
    }
  },
}

/** Compresses and reads back, with 4:2:0 chroma as cameras do. */
async function jpeg(image: Pixels, quality: number): Promise<Pixels> {
  const { width, height } = image
  const raw = new Uint8Array(width * height * 3)
  const size = width * height
  for (let i = 0; i < size; i++)
    for (let c = 0; c < 3; c++) raw[3 * i + c] = Math.round(255 * image.data[c * size + i])
  const file = await sharp(raw, { raw: { width, height, channels: 3 } })
    .jpeg({ quality })
    .toBuffer()
  const { data } = await sharp(file).raw().toBuffer({ resolveWithObject: true })
  const out = createPixels(width, height)
  for (let i = 0; i < size; i++) for (let c = 0; c < 3; c++) out.data[c * size + i] = data[3 * i + c] / 255
  return out
}

interface Held {
  image: TrainImage
  batch: Batch
}

function heldOut(settings: TrainSettings, read: (ref: ImageRef) => Promise<Pixels>): Promise<Held[]> {
  const { scale } = settings.model.manifest
  const options = { ...settings, scale, crop: settings.heldCrop }
  return Promise.all(
    settings.held.map(async (image, i) => ({ image, batch: await centre(image, options, i, read, jpeg) })),
  )
}

async function png(store: Store, planes: Float32Array, side: number, name: string): Promise<ImageRef> {
  return (await ingestBytes(store, await encodePng(pixelsOf(planes, side)), name)).image
}

function track(store: Store, { model, heldCrop }: TrainSettings, held: Held[]): Promise<Tracked[]> {
  return Promise.all(
    held.slice(0, TRACKED).map(async ({ image: { id }, batch }) => ({
      id,
      lr: await png(store, batch.lr, heldCrop, `${id} (LR)`),
      gt: await png(store, batch.gt, heldCrop * model.manifest.scale, `${id} (GT)`),
    })),
  )
}

async function evaluate(
  store: Store,
  { terms, model, heldCrop }: TrainSettings,
  { evaluation }: Program,
  held: Held[],
  theta: Float32Array,
  update: number,
): Promise<Evaluation> {
  const images: HeldValues[] = []
  for (const [i, { image, batch }] of held.entries()) {
    const out = await evaluation.run({ ...batch, 'state/theta': theta })
    const values = Object.fromEntries(terms.map(({ name }, k) => [name, out.terms[k]]))
    values[SHARPNESS] = out.sharpness[0]
    const shown = i < TRACKED && Number.isFinite(out.terms[0])
    const sr = shown
      ? await png(store, out.sr, heldCrop * model.manifest.scale, `${image.id} (update ${update})`)
      : undefined
    images.push({ id: image.id, values, ...(sr && { sr }) })
  }
  return { update, images }
}

/** Tells what is new twice a second at most. */
function reporter({ steps }: TrainSettings, tracked: Tracked[], report: (progress: TrainProgress) => void) {
  let told = { at: Number.NEGATIVE_INFINITY, points: 0, evaluations: 0, state: 'running' }
  let start: { at: number; update: number } | undefined
  return (state: 'running' | 'paused', { update, points, evaluations }: Progress) => {
    const now = performance.now()
    // The first update compiles and allocates, so the pace is taken from the second.
    start ??= { at: now, update }
    if (now - told.at < REPORT_EVERY && state === told.state && update < steps) return
    const done = update - start.update
    const secondsLeft = done > 0 ? ((now - start.at) / 1000 / done) * (steps - update) : undefined
    report({
      state,
      update,
      points: points.slice(told.points),
      evaluations: evaluations.slice(told.evaluations),
      tracked,
      ...(secondsLeft !== undefined && { secondsLeft }),
    })
    told = { at: now, points: points.length, evaluations: evaluations.length, state }
  }
}

async function keep(
  store: Store,
  { model, sampling }: TrainSettings,
  program: Program,
  { theta }: Outcome,
): Promise<{ onnx: string; adapter: string }> {
  const graph = program.merged(theta)
  const metadata = { ...graph.metadata }
  // A denoiser alone enlarges nothing, so it does not say that it does.
  if (!sampling) metadata[METADATA_KEY] = JSON.stringify(model.manifest)
  const tensors = new Map(
    [...program.tensors(theta)].map(([name, { dims, data }]) => [name, { dims, data: data as Float32Array }]),
  )
  return {
    onnx: await store.putObject(writeGraph({ ...graph, metadata })),
    adapter: await store.putObject(encodeSafetensors({ tensors, metadata: { model: model.sha256 } })),
  }
}
