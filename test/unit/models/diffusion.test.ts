import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { adain } from '../../../src/kernel/images/adain.ts'
import { resizeBicubic } from '../../../src/kernel/images/bicubic.ts'
import type { DecodedSamples } from '../../../src/kernel/images/decode.ts'
import { createPixels, type Pixels } from '../../../src/kernel/images/pixels.ts'
import { waveletColour } from '../../../src/kernel/images/wavelet.ts'
import { openDiffusion } from '../../../src/kernel/models/diffusion/engine.ts'
import { mapTiles, tileCount } from '../../../src/kernel/models/diffusion/gaussian-tiles.ts'
import { normalStream } from '../../../src/kernel/models/diffusion/noise.ts'
import { alphaBars, SPACINGS } from '../../../src/kernel/models/diffusion/noise-schedule.ts'
import { type PipelineManifest, pipelineManifest } from '../../../src/kernel/models/diffusion/pipeline.ts'
import { PREDICTIONS, type Prediction } from '../../../src/kernel/models/diffusion/predictions.ts'
import { readPipeline } from '../../../src/kernel/models/diffusion/read-pipeline.ts'
import { isStochastic, sampleLatent } from '../../../src/kernel/models/diffusion/sample.ts'
import { SAMPLERS, type SamplerName } from '../../../src/kernel/models/diffusion/samplers.ts'
import { createVolume, type Volume } from '../../../src/kernel/models/diffusion/volume.ts'
import { SESSIONS } from '../../../src/kernel/models/run/session-pool.ts'
import { createFolderStore } from '../../../src/kernel/store/folder-store.ts'
import { saveToyPipeline } from '../../fixtures/toy-diffusion.ts'

const folder = mkdtempSync(join(tmpdir(), 'mirage-diffusion-'))
const store = createFolderStore(join(folder, 'store'))
afterEach(() => SESSIONS.clear())
afterAll(() => rmSync(folder, { recursive: true }))

const STABLE_DIFFUSION = { length: 1000, betaStart: 0.00085, betaEnd: 0.012, betas: 'scaled-linear' } as const
const BASE = { encoder: 'e', denoiser: 'd', decoder: 'c', kind: 'multi-step diffusion', scale: 4 } as const
const settings = (changes: Partial<PipelineManifest>) => ({ ...pipelineManifest.parse(BASE), ...changes })
const samplers = Object.keys(SAMPLERS) as SamplerName[]

function filled(channels: number, height: number, width: number, value: (i: number) => number): Volume {
  const volume = createVolume(channels, height, width)
  volume.data.forEach((_, i) => {
    volume.data[i] = value(i)
  })
  return volume
}

describe('the noise schedule', () => {
  test('is that of Stable Diffusion', () => {
    const bars = alphaBars(STABLE_DIFFUSION)
    // `alphas_cumprod` of the published scheduler configuration, as diffusers computes it in 32 bits.
    expect(bars[0]).toBeCloseTo(0.99915, 6)
    expect(bars[999]).toBeCloseTo(0.0047, 4)
    expect(bars.every((bar, t) => t === 0 || bar < bars[t - 1])).toBe(true)
  })

  test('visits the timesteps of the official samplers', () => {
    // Stable Diffusion's 50 steps: 981, 961, ..., 1.
    expect(SPACINGS.leading(1000, 50).slice(0, 2)).toEqual([981, 961])
    expect(SPACINGS.leading(1000, 50).at(-1)).toBe(1)
    // SD-Turbo's one and four steps.
    expect(SPACINGS.trailing(1000, 1)).toEqual([999])
    expect(SPACINGS.trailing(1000, 4)).toEqual([999, 749, 499, 249])
    expect(SPACINGS.linspace(1000, 3)).toEqual([999, 500, 0])
  })
})

describe('sampling', () => {
  const combinations = samplers.flatMap(sampler =>
    (Object.keys(PREDICTIONS) as Prediction[]).map(prediction => ({ sampler, prediction })),
  )

  test.each(combinations)(
    '$sampler with $prediction finds the image that a perfect denoiser knows',
    async row => {
      const bars = alphaBars(STABLE_DIFFUSION)
      const truth = filled(2, 3, 4, i => Math.sin(i * 1.7))
      const outputs: Record<Prediction, (x: number, x0: number, a: number) => number> = {
        epsilon: (x, x0, a) => (x - Math.sqrt(a) * x0) / Math.sqrt(1 - a),
        v: (x, x0, a) => (Math.sqrt(a) * x - x0) / Math.sqrt(1 - a),
        sample: (_, x0) => x0,
        residual: (x, x0) => x - x0,
      }
      const denoise = async (latent: Volume, t: number) =>
        filled(2, 3, 4, i => outputs[row.prediction](latent.data[i], truth.data[i], bars[t]))
      const noise = filled(2, 3, 4, () => 0)
      const result = await sampleLatent(
        noise,
        settings({ ...row, steps: 7, start: 'noise' }),
        denoise,
        normalStream(3),
      )
      result.data.forEach((value, i) => {
        expect(value).toBeCloseTo(truth.data[i], 4)
      })
    },
  )

  test('Euler in variance-exploding coordinates is DDIM, for any noise prediction', () => {
    const bar = fc.double({ min: 0.01, max: 0.99, noNaN: true })
    const value = fc.double({ min: -3, max: 3, noNaN: true })
    fc.assert(
      fc.property(bar, bar, value, value, (a, to, x, output) => {
        const input = { x, ...PREDICTIONS.epsilon(x, output, a), a, to, draw: 0 }
        expect(SAMPLERS.euler.step(input)).toBeCloseTo(SAMPLERS.ddim.step(input), 8)
      }),
    )
  })

  test.each(samplers)('%s draws from the distribution that the denoiser knows', async sampler => {
    // Data of mean 0.6 and deviation 0.3, whose best prediction of the noise is known in closed form.
    const [mean, deviation] = [0.6, 0.3]
    const bars = alphaBars(STABLE_DIFFUSION)
    const denoise = async (latent: Volume, t: number) => {
      const a = bars[t]
      const variance = a * deviation ** 2 + 1 - a
      const noise = (x: number) => (Math.sqrt(1 - a) * (x - Math.sqrt(a) * mean)) / variance
      return { ...latent, data: latent.data.map(noise) }
    }
    const latent = createVolume(1, 100, 100)
    const { data } = await sampleLatent(
      latent,
      settings({ sampler, steps: 250, start: 'noise' }),
      denoise,
      normalStream(8),
    )
    const average = data.reduce((sum, x) => sum + x, 0) / data.length
    const spread = Math.sqrt(data.reduce((sum, x) => sum + (x - average) ** 2, 0) / data.length)
    // 10,000 draws have standard errors of 0.003 and 0.002. The schedule leaves 7 % of signal in its noisiest latent, which
    // pure noise lacks, and 500 steps are not 1000: both are below 0.02.
    expect(Math.abs(average - mean)).toBeLessThan(0.02)
    expect(Math.abs(spread - deviation)).toBeLessThan(0.02)
  })

  test('normal draws have mean 0, variance 1 and the same values for the same seed', () => {
    const [draw, again, other] = [normalStream(5), normalStream(5), normalStream(6)]
    const draws = Array.from({ length: 20_000 }, draw)
    expect(Math.abs(draws.reduce((sum, x) => sum + x) / draws.length)).toBeLessThan(0.03)
    expect(Math.abs(draws.reduce((sum, x) => sum + x * x) / draws.length - 1)).toBeLessThan(0.04)
    expect(Array.from({ length: 5 }, again)).toEqual(draws.slice(0, 5))
    expect(other()).not.toBe(draws[0])
  })

  test('only what draws noise counts as noisy', () => {
    expect(isStochastic(settings({ start: 'lr', sampler: 'ddim', steps: 20 }))).toBe(false)
    expect(isStochastic(settings({ start: 'lr', sampler: 'ddpm', steps: 1 }))).toBe(false)
    expect(isStochastic(settings({ start: 'lr', sampler: 'ddpm', steps: 2 }))).toBe(true)
    expect(isStochastic(settings({ start: 'lr+noise', sampler: 'ddim', steps: 1 }))).toBe(true)
  })
})

describe('Gaussian tiles', () => {
  const input = filled(2, 48, 72, i => ((i * 37) % 101) / 10)
  const tiling = { tile: 24, overlap: 8, ratio: 1, multiple: 1 }

  test('blended outputs are the weighted mean of the tiles, computed pixel by pixel', async () => {
    // Every pixel holds its own index, so that a tile says where it lies.
    const indexed = filled(1, 48, 72, i => i)
    const places: { left: number; top: number; width: number; height: number }[] = []
    const output = await mapTiles(indexed, tiling, async ({ data, width, height }) => {
      places.push({ left: data[0] % 72, top: Math.floor(data[0] / 72), width, height })
      return filled(1, height, width, () => places.length)
    })
    expect(places).toHaveLength(tileCount(indexed, tiling))
    for (let y = 0; y < 48; y += 5) {
      for (let x = 0; x < 72; x += 7) {
        let [sum, total] = [0, 0]
        places.forEach(({ left, top, width, height }, k) => {
          const inside = x >= left && x < left + width && y >= top && y < top + height
          const dx = (x - left - (width - 1) / 2) / width
          const dy = (y - top - (height - 1) / 2) / height
          const weight = inside ? Math.exp(-(dx * dx + dy * dy) / 0.02) : 0
          sum += weight * (k + 1)
          total += weight
        })
        expect(output.data[y * 72 + x]).toBeCloseTo(sum / total, 4)
      }
    }
  })

  test('a map that keeps every pixel gives the input back, at any ratio', async () => {
    const same = await mapTiles(input, tiling, async tile => tile)
    same.data.forEach((value, i) => {
      expect(value).toBeCloseTo(input.data[i], 4)
    })
    const flat = { ...input, data: input.data.map(() => 3) }
    const half = await mapTiles(flat, { ...tiling, ratio: 0.5, multiple: 2 }, async tile =>
      filled(2, tile.height / 2, tile.width / 2, () => tile.data[0]),
    )
    expect([half.width, half.height]).toEqual([36, 24])
    expect(half.data.every(value => Math.abs(value - 3) < 1e-5)).toBe(true)
  })
})

describe('colour fixes', () => {
  const image = (seed: number, gain: number, offset: number): Pixels => {
    const pixels = createPixels(37, 29)
    pixels.data.forEach((_, i) => {
      pixels.data[i] = (((i * seed) % 103) / 103) * gain + offset
    })
    return pixels
  }

  test('AdaIN gives each channel the mean and deviation of the other image', () => {
    const [sr, lr] = [image(31, 0.5, 0.2), image(17, 0.2, 0.4)]
    const fixed = adain(sr, lr)
    const statistics = (plane: Float32Array) => {
      const mean = plane.reduce((sum, x) => sum + x, 0) / plane.length
      return [mean, plane.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (plane.length - 1)]
    }
    for (let c = 0; c < 3; c++) {
      const part = (pixels: Pixels) => pixels.data.subarray(c * 37 * 29, (c + 1) * 37 * 29)
      const [mean, variance] = statistics(part(fixed))
      const [meanOf, varianceOf] = statistics(part(lr))
      const [, varianceBefore] = statistics(part(sr))
      expect(mean).toBeCloseTo(meanOf, 5)
      expect(variance).toBeCloseTo((varianceBefore * (varianceOf + 1e-5)) / (varianceBefore + 1e-5), 6)
    }
    expect(adain(image(31, 3, -1), lr).data.every(value => value >= 0 && value <= 1)).toBe(true)
  })

  test('the wavelet fix equals a plain two-dimensional convolution per level', () => {
    const [sr, lr] = [image(31, 0.3, 0.3), image(17, 0.2, 0.4)]
    const kernel = [
      [1, 2, 1],
      [2, 4, 2],
      [1, 2, 1],
    ]
    const blurred = (plane: number[], reach: number) =>
      plane.map((_, i) => {
        const [x, y] = [i % 37, Math.floor(i / 37)]
        let sum = 0
        for (let dy = -1; dy <= 1; dy++) {
          for (let dx = -1; dx <= 1; dx++) {
            const sx = Math.min(36, Math.max(0, x + dx * reach))
            const sy = Math.min(28, Math.max(0, y + dy * reach))
            sum += (kernel[dy + 1][dx + 1] * plane[sy * 37 + sx]) / 16
          }
        }
        return sum
      })
    const fixed = waveletColour(sr, lr)
    for (let c = 0; c < 3; c++) {
      const part = (pixels: Pixels) => [...pixels.data.subarray(c * 37 * 29, (c + 1) * 37 * 29)]
      let [own, other] = [part(sr), part(lr)]
      let high = own.map(() => 0)
      for (const reach of [1, 2, 4, 8, 16]) {
        const low = blurred(own, reach)
        high = high.map((value, i) => value + own[i] - low[i])
        own = low
        other = blurred(other, reach)
      }
      part(fixed).forEach((value, i) => {
        expect(value).toBeCloseTo(high[i] + other[i], 5)
      })
    }
  })
})

describe('a pipeline', () => {
  const lr: DecodedSamples = {
    width: 15,
    height: 11,
    channels: 3,
    max: 255,
    samples: Uint8Array.from({ length: 15 * 11 * 3 }, (_, i) => (i * 53) % 256),
    converted: [],
  }

  async function enlarge(
    name: string,
    changes: Record<string, unknown>,
    { seed = 1, tile = 100, overlap = 8 } = {},
  ) {
    saveToyPipeline(folder, name, changes)
    const { pipeline } = await readPipeline(`${name}.json`, {}, folder, store)
    const engine = await openDiffusion(pipeline, 'cpu')
    const fractions: number[] = []
    const { tiles, bands } = engine.enlarge(lr, {
      settings: { tile, overlap },
      seed,
      signal: new AbortController().signal,
      onProgress: fraction => fractions.push(fraction),
    })
    const [band] = await Array.fromAsync(bands)
    await engine.close()
    return { planes: band.planes as Float32Array, height: band.height, tiles, fractions }
  }

  /** The recipe written out: one tile, DDIM over the listed timesteps, guidance by two runs. */
  async function reference(name: string, manifest: PipelineManifest, timesteps: number[], guidance: number) {
    const session = (part: string) => InferenceSession.create(join(folder, `${name}-${part}.onnx`))
    const [encoder, denoiser, decoder] = await Promise.all(['encoder', 'denoiser', 'decoder'].map(session))
    const up = resizeBicubic(
      {
        width: 15,
        height: 11,
        channels: 3,
        data: Float32Array.from(
          { length: 495 },
          (_, i) => lr.samples[(i % 165) * 3 + Math.floor(i / 165)] / 255,
        ),
      },
      30,
      22,
    )
    const image = new Tensor(
      'float32',
      up.data.map(value => value * 2 - 1),
      [1, 3, 22, 30],
    )
    const { latent } = await encoder.run({ image })
    let x = (latent.data as Float32Array).map(value => value * manifest.latent.scaling)
    const bars = alphaBars(manifest.schedule)
    const prompts = ['prompt', 'negative'].map(part => {
      const bytes = new Uint8Array(readFileSync(join(folder, `${name}-${part}.f32`)))
      return new Tensor('float32', new Float32Array(bytes.buffer), [1, 2, 4])
    })
    for (const [i, t] of timesteps.entries()) {
      const outputs: Float32Array[] = []
      for (const prompt of prompts) {
        const feeds = {
          sample: new Tensor('float32', x, latent.dims),
          timestep: new Tensor('int64', [BigInt(t)], [1]),
          encoder_hidden_states: prompt,
        }
        outputs.push((await denoiser.run(feeds)).prediction.data as Float32Array)
      }
      const [a, to] = [bars[t], i + 1 < timesteps.length ? bars[timesteps[i + 1]] : 1]
      x = x.map((value, k) => {
        const noise = outputs[1][k] + guidance * (outputs[0][k] - outputs[1][k])
        const clean = (value - Math.sqrt(1 - a) * noise) / Math.sqrt(a)
        return Math.sqrt(to) * clean + Math.sqrt(1 - to) * noise
      })
    }
    const unscaled = new Tensor(
      'float32',
      x.map(value => value / manifest.latent.scaling),
      latent.dims,
    )
    const decoded = (await decoder.run({ latent: unscaled })).image.data as Float32Array
    await Promise.all([encoder, denoiser, decoder].map(each => each.release()))
    const pixels: Pixels = {
      width: 30,
      height: 22,
      channels: 3,
      data: decoded.map(value => Math.min(1, Math.max(0, (value + 1) / 2))),
    }
    return adain(pixels, up).data
  }

  test.each([
    { steps: 1, guidance: 1, timesteps: [999] },
    { steps: 4, guidance: 2.5, timesteps: [999, 749, 499, 249] },
  ])('of $steps steps with guidance $guidance equals the recipe written out', async row => {
    const name = `plain-${row.steps}`
    const manifest = saveToyPipeline(folder, name, { steps: row.steps, guidance: row.guidance })
    const { planes, tiles, fractions } = await enlarge(name, { steps: row.steps, guidance: row.guidance })
    const expected = await reference(name, manifest, row.timesteps, row.guidance)
    expect(planes).toHaveLength(expected.length)
    planes.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i], 4)
    })
    expect(tiles).toBe(row.steps + 2)
    expect(fractions).toEqual(Array.from({ length: tiles }, (_, i) => (i + 1) / tiles))
  })

  test('in tiles stays close to the whole, and runs each network as often as it says', async () => {
    const whole = await enlarge('tiled', { steps: 2, colour: 'none' })
    const tiled = await enlarge(
      'tiled',
      { steps: 2, colour: 'none', imageTile: 16, imageOverlap: 8 },
      { tile: 8, overlap: 4 },
    )
    expect(whole.tiles).toBe(4)
    expect(tiled.tiles).toBeGreaterThan(10)
    expect(tiled.fractions.at(-1)).toBe(1)
    const differences = tiled.planes.map((value, i) => Math.abs(value - whole.planes[i]))
    // The toy denoiser reaches one pixel, and the Gaussian hides what padding does at a tile's border.
    expect(Math.max(...differences)).toBeLessThan(0.02)
  })

  test('with noise gives one image per seed, and the LR latent can be seen by the denoiser', async () => {
    const changes = { steps: 3, start: 'lr+noise', concatenate: true, guidance: 1 }
    const [first, again, other] = [
      await enlarge('noisy', changes, { seed: 1 }),
      await enlarge('noisy', changes, { seed: 1 }),
      await enlarge('noisy', changes, { seed: 2 }),
    ]
    expect(again.planes).toEqual(first.planes)
    expect(other.planes).not.toEqual(first.planes)
  })

  test('works at a larger side where the result would be too small for its networks', async () => {
    const { planes, height } = await enlarge('small', { smallestSide: 64 })
    expect([planes.length, height]).toEqual([3 * 30 * 22, 22])
    expect(planes.every(Number.isFinite)).toBe(true)
  })

  test('whose file or graphs do not fit is refused, and leaves no session leased', async () => {
    saveToyPipeline(folder, 'broken', { guidance: 3, negativePrompt: undefined })
    const { pipeline } = await readPipeline('broken.json', {}, folder, store)
    await expect(openDiffusion(pipeline, 'cpu')).rejects.toMatchObject({
      info: { code: 'model-unsupported', message: expect.stringContaining('negativePrompt') },
    })
    saveToyPipeline(folder, 'misnamed', { inputs: { latent: 'latents' } })
    const misnamed = await readPipeline('misnamed.json', {}, folder, store)
    await expect(openDiffusion(misnamed.pipeline, 'cpu')).rejects.toThrow(/takes sample, timestep/)
    await SESSIONS.clear()
    expect(SESSIONS.size).toBe(0)
    writeFileSync(join(folder, 'invalid.json'), JSON.stringify({ ...BASE, sampler: 'dpm' }))
    await expect(readPipeline('invalid.json', {}, folder, store)).rejects.toMatchObject({
      info: { code: 'pipeline-invalid', message: expect.stringContaining('sampler') },
    })
  })
})
