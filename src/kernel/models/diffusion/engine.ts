import { setImmediate as nextTurn } from 'node:timers/promises'
import { adain } from '../../images/adain.ts'
import { resizeBicubic } from '../../images/bicubic.ts'
import type { DecodedSamples } from '../../images/decode.ts'
import { createPixels, crop, type Pixels } from '../../images/pixels.ts'
import { waveletColour } from '../../images/wavelet.ts'
import type { ProviderName } from '../providers.ts'
import type { Engine, EnlargeOptions, TileSettings } from '../run/engine.ts'
import { fillTile, mirror } from '../run/tensors.ts'
import { mapTiles, tileCount } from './gaussian-tiles.ts'
import { openNetworks, type PipelineNetworks } from './networks.ts'
import { normalStream } from './noise.ts'
import type { Pipeline, PipelineManifest } from './pipeline.ts'
import { sampleLatent, timestepsOf } from './sample.ts'
import { channelsOf, stackVolumes, type Volume } from './volume.ts'

/** Loads the networks of a latent diffusion model. */
export async function openDiffusion(pipeline: Pipeline, provider: ProviderName): Promise<Engine> {
  return diffusionEngine(pipeline.manifest, await openNetworks(pipeline, provider))
}

/**
 * The recipe that OSEDiff, PiSA-SR, SeeSR and StableSR share: enlarge LR bicubically, encode, remove noise from the latent
 * in tiles, decode, and bring the colours back to those of LR. Sides are padded by mirroring to what the latent needs,
 * and the padding is cut away. The whole image is held, because its colours are those of the whole.
 */
export function diffusionEngine(manifest: PipelineManifest, networks: PipelineNetworks): Engine {
  return {
    scale: manifest.scale,
    close: networks.close,
    enlarge(image, options) {
      const size = workingSize(image, manifest)
      const plan = tilings(manifest, size, options.settings)
      const bands = async function* () {
        const { width, height, data } = await run(image, size, plan, manifest, networks, options)
        yield { y: 0, height, channels: 3, planes: data, stride: width * height }
      }
      return { tiles: plan.turns, bands: bands() }
    },
  }
}

interface Size {
  width: number
  height: number
}

/** Size that the networks work at: that of the result, or larger where its shorter side is too small for them. */
function workingSize({ width, height }: Size, { scale, smallestSide }: PipelineManifest): Size {
  const factor = Math.max(1, smallestSide / (Math.min(width, height) * scale))
  return { width: Math.round(width * scale * factor), height: Math.round(height * scale * factor) }
}

/**
 * How each network's input is cut, and how often a network runs in all. The tile that is asked for is that of the
 * denoiser, in LR pixels; a smaller one than the pipeline's own makes the tiles of the encoder and decoder smaller as well.
 */
function tilings(manifest: PipelineManifest, { width, height }: Size, asked: TileSettings) {
  const { latent, imageTile, imageOverlap, scale } = manifest
  const { downscale } = latent
  const padded = { width: roundUp(width, downscale), height: roundUp(height, downscale) }
  const latentSize = { width: padded.width / downscale, height: padded.height / downscale }
  const toLatent = (lrPixels: number) => Math.round((lrPixels * scale) / downscale)
  const tile = Math.max(1, toLatent(asked.tile))
  const shrink = Math.min(1, tile / latent.tile)
  const decoderTile = Math.max(1, Math.floor((imageTile * shrink) / downscale))
  const decoderOverlap = Math.min(Math.floor(imageOverlap / downscale), decoderTile >> 1)
  const denoise = { tile, overlap: Math.min(toLatent(asked.overlap), tile >> 1), ratio: 1, multiple: 1 }
  const decode = { tile: decoderTile, overlap: decoderOverlap, ratio: downscale, multiple: 1 }
  const encode = {
    tile: decoderTile * downscale,
    overlap: decoderOverlap * downscale,
    ratio: 1 / downscale,
    multiple: downscale,
  }
  const turns =
    tileCount(padded, encode) +
    timestepsOf(manifest).length * tileCount(latentSize, denoise) +
    tileCount(latentSize, decode)
  return { padded, encode, denoise, decode, turns }
}

async function run(
  image: DecodedSamples,
  size: Size,
  plan: ReturnType<typeof tilings>,
  manifest: PipelineManifest,
  networks: PipelineNetworks,
  { seed, signal, onProgress }: EnlargeOptions,
): Promise<Pixels> {
  let done = 0
  const turn = async (action: () => Promise<Volume>) => {
    // A run blocks the thread: only between two runs can a request to stop arrive.
    await nextTurn()
    signal.throwIfAborted()
    const result = await action()
    onProgress(++done / plan.turns)
    return result
  }
  const { scaling } = manifest.latent
  const enlarged = resizeBicubic(lrPixels(image), size.width, size.height)
  const signed = mapped(padTo(enlarged, plan.padded), value => value * 2 - 1)
  const encoded = await mapTiles(signed, plan.encode, tile => turn(() => networks.encode(tile)))
  const lr = mapped(encoded, value => value * scaling)
  // The denoiser may look at the LR latent of the place it works on, so both are cut together.
  const denoise = (latent: Volume, timestep: number) =>
    mapTiles(stackVolumes(latent, lr), plan.denoise, tile => {
      const [noisy, condition] = [
        channelsOf(tile, 0, lr.channels),
        channelsOf(tile, lr.channels, tile.channels),
      ]
      return turn(() => networks.denoise(noisy, timestep, condition))
    })
  const clean = await sampleLatent(lr, manifest, denoise, normalStream(seed))
  const unscaled = mapped(clean, value => value / scaling)
  const decoded = await mapTiles(unscaled, plan.decode, tile => turn(() => networks.decode(tile)))
  const pixels: Pixels = {
    ...mapped(decoded, value => Math.min(1, Math.max(0, (value + 1) / 2))),
    channels: 3,
  }
  const result = COLOUR_FIXES[manifest.colour](crop(pixels, 0, 0, size.width, size.height), enlarged)
  const [width, height] = [image.width * manifest.scale, image.height * manifest.scale]
  return size.width === width && size.height === height ? result : resizeBicubic(result, width, height)
}

const COLOUR_FIXES: Record<PipelineManifest['colour'], (image: Pixels, of: Pixels) => Pixels> = {
  adain,
  wavelet: waveletColour,
  none: image => image,
}

/** LR in 0..1, without alpha. */
function lrPixels(image: DecodedSamples): Pixels {
  const { width, height } = image
  const pixels = createPixels(width, height)
  fillTile(
    pixels.data,
    image,
    { x: 0, y: 0, width, height },
    { layout: 'nchw', colour: 'rgb', range: '0..1' },
  )
  return pixels
}

/** Pads right and bottom by mirroring. */
function padTo(image: Pixels, { width, height }: Size): Pixels {
  const out = createPixels(width, height)
  for (let c = 0; c < 3; c++) {
    for (let y = 0; y < height; y++) {
      const from = (c * image.height + mirror(y, image.height)) * image.width
      const to = (c * height + y) * width
      for (let x = 0; x < width; x++) out.data[to + x] = image.data[from + mirror(x, image.width)]
    }
  }
  return out
}

function mapped(volume: Volume, value: (value: number) => number): Volume {
  return { ...volume, data: volume.data.map(value) }
}

function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple
}
