import { setTimeout as sleep } from 'node:timers/promises'
import { MirageError } from '../../errors.ts'
import type { DecodedSamples } from '../../images/decode.ts'
import type { ModelManifest } from '../manifest.ts'
import type { Engine } from '../run/engine.ts'
import { networkEngine } from '../run/network-engine.ts'
import { channelCount, fillTile, readPlanes, tensorDims } from '../run/tensors.ts'

/** A model on a server. */
export interface Endpoint {
  /** Address before `/v2`. */
  address: string
  model: string
  input: string
  output?: string
  /** Bearer token; in memory only. */
  key?: string
  /** The network must not be used: only what is in the cache is given. */
  offline: boolean
}

/** Waits before the second and third try of a server that is busy or not ready, in milliseconds. */
const PAUSES = [500, 2000]

/**
 * Enlarges tile by tile on a server that speaks the KServe v2 inference protocol
 * (https://kserve.github.io/website/latest/modelserving/data_plane/v2_protocol/), with tensors as JSON numbers, which
 * every such server takes.
 *
 * @param signal aborts a call that is under way
 */
export function endpointEngine(endpoint: Endpoint, manifest: ModelManifest, signal: AbortSignal): Engine {
  const run = async (
    image: DecodedSamples,
    tile: { x: number; y: number; width: number; height: number },
  ): Promise<ArrayLike<number>> => {
    const shape = tensorDims(manifest, tile.height, tile.width)
    const data = new Float32Array(shape.reduce((product, dim) => product * dim, 1))
    fillTile(data, image, tile, manifest)
    const output = await infer(endpoint, shape, data, signal)
    const [width, height] = [tile.width * manifest.scale, tile.height * manifest.scale]
    const expected = tensorDims(manifest, height, width)
    if (
      output.shape.join() !== expected.join() ||
      output.data.length !== width * height * channelCount(manifest)
    ) {
      throw failed(
        endpoint,
        `answered [${output.shape.join(', ')}] where x${manifest.scale} is [${expected.join(', ')}]`,
      )
    }
    return readPlanes(output.data, manifest, width, height)
  }
  return networkEngine({ fixed: {}, channels: channelCount(manifest), run }, manifest, async () => {})
}

interface OutputTensor {
  name: string
  shape: number[]
  data: number[]
}

async function infer(
  endpoint: Endpoint,
  shape: number[],
  data: Float32Array,
  signal: AbortSignal,
): Promise<OutputTensor> {
  const { address, model, input, key, offline } = endpoint
  if (offline) throw forbidden(endpoint)
  const url = `${address.replace(/\/$/, '')}/v2/models/${encodeURIComponent(model)}/infer`
  const body = JSON.stringify({ inputs: [{ name: input, shape, datatype: 'FP32', data: [...data] }] })
  for (let attempt = 0; ; attempt++) {
    const headers = { 'content-type': 'application/json', ...(key && { authorization: `Bearer ${key}` }) }
    const response = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'error' }).catch(
      cause => {
        signal.throwIfAborted()
        throw failed(endpoint, `cannot be reached: ${reason(cause)}`, cause)
      },
    )
    if (response.ok) return chosen(endpoint, (await response.json()) as { outputs?: OutputTensor[] })
    const text = (await response.text()).slice(0, 300)
    const busy = response.status === 429 || response.status === 503
    if (!busy || attempt >= PAUSES.length) throw failed(endpoint, `answered ${response.status}: ${text}`)
    await sleep(PAUSES[attempt], undefined, { signal })
  }
}

function chosen(endpoint: Endpoint, { outputs = [] }: { outputs?: OutputTensor[] }): OutputTensor {
  const output = endpoint.output ? outputs.find(({ name }) => name === endpoint.output) : outputs[0]
  if (output && Array.isArray(output.data)) return output
  const names = outputs.map(({ name }) => name).join(', ') || 'nothing'
  throw failed(endpoint, `answered ${names} where ${endpoint.output ?? 'a tensor of numbers'} is expected`)
}

function reason(error: unknown): string {
  const { message, cause } = error as Error & { cause?: Error }
  return cause?.message ?? message
}

function forbidden({ address, model }: Endpoint): MirageError {
  return new MirageError({
    code: 'offline',
    message: `An image that "${model}" at ${address} has not enlarged yet is needed, and the network must not be used.`,
    remedy:
      'Run without --offline (in VS Code: with the setting mirage.network.allowed), or with a replay bundle that holds the image.',
  })
}

function failed({ address, model }: Endpoint, why: string, cause?: unknown): MirageError {
  return new MirageError(
    {
      code: 'endpoint-failed',
      message: `The model "${model}" at ${address} ${why}.`,
      remedy: `Check the address, the model's name and its input, and that the server is ready: GET ${address}/v2/health/ready.`,
    },
    { cause },
  )
}
