import { readFile } from 'node:fs/promises'
import { type InferenceSession, Tensor } from 'onnxruntime-node'
import { MirageError } from '../../errors.ts'
import type { ProviderName } from '../providers.ts'
import { floatTensor } from '../run/float-tensor.ts'
import { type Lease, SESSIONS } from '../run/session-pool.ts'
import type { Pipeline } from './pipeline.ts'
import { stackVolumes, type Volume } from './volume.ts'

/** The three networks of a latent diffusion model, loaded. */
export interface PipelineNetworks {
  encode(image: Volume): Promise<Volume>
  /** The prediction for a noisy latent, with guidance. `lr` is the LR latent of the same place. */
  denoise(latent: Volume, timestep: number, lr: Volume): Promise<Volume>
  decode(latent: Volume): Promise<Volume>
  close(): Promise<void>
}

/** @throws MirageError `model-unsupported` where a graph has inputs that the pipeline does not name, or lacks one */
export async function openNetworks(pipeline: Pipeline, provider: ProviderName): Promise<PipelineNetworks> {
  const leases: Lease[] = []
  const close = async () => {
    for (const lease of leases.splice(0)) await lease.end()
  }
  try {
    for (const file of [pipeline.encoder, pipeline.denoiser, pipeline.decoder]) {
      leases.push(await SESSIONS.lease(file, provider))
    }
    const [encoder, denoiser, decoder] = leases.map(({ session }) => session)
    const denoise = await denoiserOf(denoiser, pipeline)
    return {
      encode: image => runOne(encoder, image),
      denoise,
      decode: latent => runOne(decoder, latent),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function denoiserOf(
  session: InferenceSession,
  pipeline: Pipeline,
): Promise<PipelineNetworks['denoise']> {
  const { inputs, concatenate, guidance, prompt, negativePrompt } = pipeline.manifest
  const positive =
    pipeline.prompt && (await readEmbedding(session, inputs.prompt, pipeline.prompt, prompt!.dims))
  const negative =
    pipeline.negativePrompt &&
    (await readEmbedding(session, inputs.prompt, pipeline.negativePrompt, negativePrompt!.dims))
  if (guidance !== 1 && !negative) throw unsupported(`guidance ${guidance} needs \`negativePrompt\``)
  checkInputs(session, [inputs.latent, inputs.timestep, inputs.condition, positive && inputs.prompt])
  const run = async (latent: Volume, timestep: number, lr: Volume, embedding: Tensor | '' | undefined) => {
    const sample = concatenate ? stackVolumes(latent, lr) : latent
    const feeds: Record<string, Tensor> = {
      [inputs.latent]: volumeTensor(session, inputs.latent, sample),
      [inputs.timestep]: timestepTensor(session, inputs.timestep, timestep),
      ...(inputs.condition && { [inputs.condition]: volumeTensor(session, inputs.condition, lr) }),
      ...(embedding && { [inputs.prompt]: embedding }),
    }
    return firstOutput(session, feeds)
  }
  return async (latent, timestep, lr) => {
    const conditional = await run(latent, timestep, lr, positive)
    if (guidance === 1) return conditional
    const without = await run(latent, timestep, lr, negative)
    return {
      ...conditional,
      data: conditional.data.map((value, i) => without.data[i] + guidance * (value - without.data[i])),
    }
  }
}

function checkInputs(session: InferenceSession, given: (string | undefined)[]): void {
  const names = given.filter(name => name)
  const unfed = session.inputNames.filter(name => !names.includes(name))
  const unknown = names.filter(name => !session.inputNames.includes(name!))
  if (unfed.length === 0 && unknown.length === 0) return
  throw unsupported(
    `the denoiser takes ${session.inputNames.join(', ')}, and the pipeline gives ${names.join(', ')} (see \`inputs\`)`,
  )
}

function runOne(session: InferenceSession, input: Volume): Promise<Volume> {
  const [name] = session.inputNames
  return firstOutput(session, { [name]: volumeTensor(session, name, input) })
}

async function firstOutput(session: InferenceSession, feeds: Record<string, Tensor>): Promise<Volume> {
  const [name] = session.outputNames
  const output = (await session.run(feeds, [name]))[name]
  const [, channels, height, width] = output.dims
  return { channels, height, width, data: Float32Array.from(output.data as Float32Array) }
}

function volumeTensor(
  session: InferenceSession,
  name: string,
  { channels, height, width, data }: Volume,
): Tensor {
  return floatTensor(typeOf(session, name), data, [1, channels, height, width])
}

function timestepTensor(session: InferenceSession, name: string, timestep: number): Tensor {
  const metadata = session.inputMetadata.find(each => each.name === name)
  const dims = metadata?.isTensor && metadata.shape.length === 0 ? [] : [1]
  if (typeOf(session, name) === 'int64') return new Tensor('int64', BigInt64Array.of(BigInt(timestep)), dims)
  return floatTensor(typeOf(session, name), Float32Array.of(timestep), dims)
}

async function readEmbedding(
  session: InferenceSession,
  name: string,
  path: string,
  dims: number[],
): Promise<Tensor> {
  const bytes = new Uint8Array(await readFile(path))
  const count = dims.reduce((product, dim) => product * dim, 1)
  if (bytes.length !== count * 4) {
    throw unsupported(`${path} has ${bytes.length} bytes where [${dims.join(', ')}] floats are ${count * 4}`)
  }
  return floatTensor(typeOf(session, name), new Float32Array(bytes.buffer), dims)
}

function typeOf(session: InferenceSession, name: string): string {
  const metadata = session.inputMetadata.find(each => each.name === name)
  return metadata?.isTensor ? metadata.type : 'float32'
}

function unsupported(why: string): MirageError {
  return new MirageError({
    code: 'model-unsupported',
    message: `The diffusion pipeline does not fit its files: ${why}.`,
    remedy: "Correct the pipeline's .json file, or export the graphs again.",
  })
}
