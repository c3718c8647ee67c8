import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ADAPTERS } from '../../../src/kernel/autodiff/adapters/index.ts'
import type { Adapted } from '../../../src/kernel/autodiff/adapters/types.ts'
import { TAPE_OPSET } from '../../../src/kernel/autodiff/inline.ts'
import {
  OPTIMISERS,
  type OptimiserName,
  rateAt,
  scheduleSettings,
} from '../../../src/kernel/autodiff/optimisers/index.ts'
import { fromTensor, type NdArray, scalar } from '../../../src/kernel/autodiff/reference/array.ts'
import { evaluate } from '../../../src/kernel/autodiff/reference/index.ts'
import { type StepSpec, stepGraph } from '../../../src/kernel/autodiff/step-graph.ts'
import { Tape } from '../../../src/kernel/autodiff/tape.ts'
import { initialState, recordUpdate, type UpdateSpec } from '../../../src/kernel/autodiff/update.ts'
import type { Graph, Tensor } from '../../../src/kernel/onnx/graph.ts'
import { createRng } from '../../../src/kernel/stats/resampling/rng.ts'
import { noise } from './cases.ts'
import { compact, dense, diffusion, transformer, windows } from './networks.ts'
import { array, relativeError, runNative } from './numbers.ts'

const numbers = (count: number, seed: number, size = 1) => {
  const next = noise(seed)
  return Array.from({ length: count }, () => size * next())
}

describe('adapters', () => {
  const lora = (settings: object) => (graph: Parameters<typeof ADAPTERS.lora.apply>[0]) =>
    ADAPTERS.lora.apply(graph, ADAPTERS.lora.settings.parse(settings), createRng(3))
  const kinds: [string, (graph: Parameters<typeof ADAPTERS.lora.apply>[0]) => Adapted][] = [
    ['lora of rank 2', lora({ rank: 2 })],
    ['lora with alpha', lora({ rank: 3, alpha: 12 })],
    ['all', graph => ADAPTERS.all.apply(graph, { target: [] }, createRng(3))],
    ['norms-and-biases', graph => ADAPTERS['norms-and-biases'].apply(graph, { target: [] }, createRng(3))],
  ]
  for (const [network, build] of Object.entries({ compact, dense, transformer, windows, diffusion })) {
    for (const [name, adapt] of kinds) {
      test(`${name} on ${network}: starts as the original, and merged equals unmerged`, () => {
        const { graph, input } = build()
        const adapted = adapt(graph)
        const feeds = {
          image: array(
            input,
            numbers(
              input.reduce((a, b) => a * b),
              4,
            ),
          ),
        }
        const output = graph.outputs[0].name
        const original = evaluate(graph, feeds)[output].data
        expect(relativeError(evaluate(adapted.graph, feeds)[output].data, original, 0.1)).toBeLessThan(1e-12)

        const values = new Map(
          adapted.trained.map((each, i): [string, Tensor] => {
            const { dims, data } = adapted.graph.initializers.get(each)!
            const moved = numbers(data.length, i, 0.1).map((v, k) => v + Number(data[k]))
            return [each, { type: 'float32', dims, data: Float32Array.from(moved) }]
          }),
        )
        const learned = Object.fromEntries([...values].map(([key, tensor]) => [key, fromTensor(tensor)]))
        const unmerged = evaluate(adapted.graph, { ...feeds, ...learned })[output].data
        const merged = adapted.merge(values)
        expect(merged.nodes).toEqual(graph.nodes)
        // Merged weights are rounded to single precision.
        expect(relativeError(evaluate(merged, feeds)[output].data, unmerged, 0.1)).toBeLessThan(2e-6)
        expect(relativeError(unmerged, original, 0.1)).toBeGreaterThan(1e-3)
      })
    }
  }

  test('a pattern that fits no layer is an error that names some that are there', () => {
    expect(() => lora({ target: ['attention*'] })(compact().graph)).toThrow(
      expect.objectContaining({
        info: expect.objectContaining({ code: 'nothing-to-train', remedy: expect.stringContaining('conv') }),
      }),
    )
  })

  test('a pattern chooses layers', () => {
    expect(lora({ target: ['conv_*'] })(compact().graph).trained).toEqual([
      ...['conv_1.lora_A', 'conv_1.lora_B', 'conv_2.lora_A', 'conv_2.lora_B'],
    ])
  })
})

/** A training of the compact network on random images. */
function spec(batch: number, adapter: 'lora' | 'all' = 'all', terms = ['l1']): StepSpec {
  const { graph } = compact()
  const adapted =
    adapter === 'all'
      ? ADAPTERS.all.apply(graph, { target: [] }, createRng(1))
      : ADAPTERS.lora.apply(graph, ADAPTERS.lora.settings.parse({ rank: 2 }), createRng(1))
  return {
    trainee: { graph, manifest: { id: 'compact', scale: 2, layout: 'nchw', colour: 'rgb', range: '0..1' } },
    adapted,
    terms: terms.map(name => ({ name, loss: name, settings: {} })),
    networks: {},
    batch,
    crop: 6,
  }
}

const sgd: UpdateSpec = { optimiser: { name: 'sgd', settings: { momentum: 0 } }, accumulate: 1 }

function asArrays(state: Record<string, NdArray | Float32Array>): Record<string, NdArray> {
  const vectors = Object.entries(state).map(([slot, value]): [string, NdArray] => {
    return [`state/${slot}`, value instanceof Float32Array ? array([value.length], [...value]) : value]
  })
  return Object.fromEntries(vectors)
}

function feeds(
  batch: number,
  state: Record<string, NdArray | Float32Array>,
  extra: Record<string, NdArray> = {},
) {
  const image = (side: number, seed: number) =>
    array(
      [batch, 3, side, side],
      Array.from({ length: batch }, (_, i) =>
        numbers(3 * side * side, seed + i).map(v => 0.5 + v / 2),
      ).flat(),
    )
  return {
    lr: image(6, 50),
    gt: image(12, 60),
    rate: scalar(0.5),
    step: scalar(1),
    weights: array([1], [1]),
    ...asArrays(state),
    ...extra,
  }
}

describe('a training step', () => {
  test('on onnxruntime follows the reference for several steps', async () => {
    const step = stepGraph(spec(2, 'lora'), {
      optimiser: { name: 'adam', settings: {} },
      clip: 0.05,
      accumulate: 1,
      ema: 0.9,
    })
    let slow: Record<string, NdArray | Float32Array> = step.state
    let fast: Record<string, NdArray | Float32Array> = step.state
    for (let i = 1; i <= 4; i++) {
      const extra = { step: scalar(i), rate: scalar(0.02) }
      const expected = evaluate(step.graph, feeds(2, slow, extra))
      const actual = await runNative(step.graph, feeds(2, fast, extra))
      slow = Object.fromEntries(Object.keys(slow).map(slot => [slot, expected[`next/${slot}`]]))
      fast = Object.fromEntries(
        Object.keys(fast).map(slot => [slot, Float32Array.from(actual[`next/${slot}`])]),
      )
      expect(actual.loss[0]).toBeCloseTo(expected.loss.data[0], 5)
      expect(relativeError(actual['next/theta'], expected['next/theta'].data, 0.1)).toBeLessThan(1e-4)
    }
    expect(Object.keys(slow)).toEqual(['theta', 'mean', 'square', 'ema'])
  })

  test('gathered over two steps of one image equals one step of both', () => {
    const whole = stepGraph(spec(2), sgd)
    const both = evaluate(whole.graph, feeds(2, whole.state))['next/theta'].data
    const parts = stepGraph(spec(1), { ...sgd, accumulate: 2 })
    const images = feeds(2, whole.state)
    const part = (name: 'lr' | 'gt', i: number) => {
      const { dims, data } = images[name]
      const size = data.length / 2
      return array([1, ...dims.slice(1)], [...data.slice(i * size, (i + 1) * size)])
    }
    let state: Record<string, NdArray | Float32Array> = parts.state
    for (const i of [0, 1]) {
      const extra = { lr: part('lr', i), gt: part('gt', i), apply: scalar(i) }
      const out = evaluate(parts.graph, feeds(1, state, extra))
      state = Object.fromEntries(Object.keys(state).map(slot => [slot, out[`next/${slot}`]]))
      if (i === 0) expect((state.theta as NdArray).data).toEqual(Float64Array.from(parts.state.theta))
    }
    expect(relativeError((state.theta as NdArray).data, both, 0.1)).toBeLessThan(1e-12)
    expect(Math.max(...(state.gathered as NdArray).data)).toBe(0)
  })

  test('clips the gradient to the length asked for and keeps its direction', () => {
    const free = stepGraph(spec(1), sgd)
    const short = stepGraph(spec(1), { ...sgd, clip: 0.01 })
    const [a, b] = [free, short].map(step => evaluate(step.graph, feeds(1, step.state)))
    const moves = [a, b].map(out => out['next/theta'].data.map((v, i) => v - free.state.theta[i]))
    const lengths = moves.map(move => Math.hypot(...move))
    expect(a.norm.data[0]).toBeGreaterThan(0.01)
    expect(b.norm.data[0]).toBeCloseTo(a.norm.data[0], 12)
    expect(lengths[1] / 0.5).toBeCloseTo(0.01, 6)
    const cosine = moves[0].reduce((sum, v, i) => sum + v * moves[1][i], 0) / lengths[0] / lengths[1]
    expect(cosine).toBeCloseTo(1, 12)
  })

  test('gives the same gradient when activations are computed twice', async () => {
    const plain = stepGraph(spec(1, 'lora'), sgd)
    const thrifty = stepGraph(spec(1, 'lora'), sgd, 3)
    const convs = (graph: typeof plain.graph) => graph.nodes.filter(node => node.op === 'Conv').length
    expect(convs(thrifty.graph)).toBeGreaterThan(convs(plain.graph))
    const [a, b] = [plain, thrifty].map(step => evaluate(step.graph, feeds(1, step.state))['next/theta'].data)
    expect(relativeError(b, a, 0.1)).toBeLessThan(1e-12)
    const native = await runNative(thrifty.graph, feeds(1, thrifty.state))
    expect(relativeError(native['next/theta'], a, 0.1)).toBeLessThan(1e-5)
  })

  test('weighs its terms by what it is fed', () => {
    const step = stepGraph(spec(1, 'all', ['l1', 'weight-distance']), sgd)
    const theta = step.state.theta.map(v => v + 0.1)
    const run = (l1: number, distance: number) =>
      evaluate(step.graph, feeds(1, { theta }, { weights: array([2], [l1, distance]) }))
    const count = theta.length
    const pull = run(0, 1)
    expect(pull.loss.data[0]).toBeCloseTo(0.01, 6)
    // The gradient of the mean square is 2 (theta - start) / count, and the rate is 0.5.
    const expected = theta.map((v, i) => v - (0.5 * 2 * (v - step.state.theta[i])) / count)
    expect(relativeError(pull['next/theta'].data, expected, 1)).toBeLessThan(1e-6)
    const both = run(1, 3)
    expect(both.loss.data[0]).toBeCloseTo(both.terms.data[0] + 3 * both.terms.data[1], 6)
  })
})

/** Optimisers as their papers and torch.optim state them, number by number. */
const PLAIN: Record<
  string,
  (s: Record<string, number>) => (theta: number, g: number, t: number, rate: number) => number
> = {
  sgd: ({ momentum, nesterov, weightDecay }) => {
    let velocity = 0
    return (theta, g, _, rate) => {
      const pull = g + weightDecay * theta
      velocity = momentum * velocity + pull
      return theta - rate * (nesterov ? pull + momentum * velocity : velocity)
    }
  },
  adam: ({ weightDecay }) => plainAdam(weightDecay, 0),
  adamw: ({ weightDecay }) => plainAdam(0, weightDecay),
}

function plainAdam(coupled: number, decoupled: number) {
  let [m, v] = [0, 0]
  return (theta: number, gradient: number, t: number, rate: number) => {
    const g = gradient + coupled * theta
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * g * g
    const step = m / (1 - 0.9 ** t) / (Math.sqrt(v / (1 - 0.999 ** t)) + 1e-8)
    return theta * (1 - rate * decoupled) - rate * step
  }
}

describe('optimisers follow their definitions', () => {
  const settings = fc.record({
    momentum: fc.constantFrom(0, 0.5, 0.9),
    nesterov: fc.boolean(),
    weightDecay: fc.constantFrom(0, 0.01, 0.3),
    seed: fc.nat(1000),
  })
  for (const name of Object.keys(OPTIMISERS) as OptimiserName[]) {
    test(name, () => {
      fc.assert(
        fc.property(settings, ({ momentum, nesterov, weightDecay, seed }) => {
          const given = name === 'sgd' ? { momentum, nesterov, weightDecay } : { weightDecay }
          const update: UpdateSpec = { optimiser: { name, settings: given }, accumulate: 1 }
          const start = Float32Array.from(numbers(5, seed))
          const plain = Array.from(start, () =>
            PLAIN[name]({ momentum, nesterov: Number(nesterov), weightDecay }),
          )
          const graph = updateGraph(update, start.length)
          let state = asArrays(initialState(update, start))
          let expected = [...start]
          for (let t = 1; t <= 5; t++) {
            const rate = 0.01 * (1 + ((seed + t) % 5))
            const gradient = numbers(5, seed + t)
            const out = evaluate(graph, {
              ...state,
              gradient: array([5], gradient),
              step: scalar(t),
              rate: scalar(rate),
            })
            expected = expected.map((theta, i) => plain[i](theta, gradient[i], t, rate))
            state = Object.fromEntries(
              Object.keys(state).map(slot => [slot, out[slot.replace('state', 'next')]]),
            )
          }
          // Decays such as 0.999 are rounded to single precision in the graph.
          expect(relativeError(state['state/theta'].data, expected, 0.1)).toBeLessThan(1e-5)
        }),
        { numRuns: 20 },
      )
    })
  }

  function updateGraph(update: UpdateSpec, count: number): Graph {
    const tape = new Tape()
    const theta = tape.input('state/theta', [count])
    const { next } = recordUpdate(tape, update, theta, tape.input('gradient', [count]))
    const outputs = Object.entries(next).map(([slot, value]) => [`next/${slot}`, value])
    return tape.graph('update', Object.fromEntries(outputs), TAPE_OPSET)
  }
})

test('the learning rate warms up, falls and ends where it should', () => {
  const cosine = scheduleSettings.parse({ warmup: 4, end: 0.1 })
  const rates = Array.from({ length: 20 }, (_, i) => rateAt(i + 1, 20, cosine))
  expect(rates.slice(0, 5)).toEqual([0.2, 0.4, 0.6, 0.8, 1])
  expect(rates.at(-1)).toBeCloseTo(0.1, 12)
  expect(rates.slice(4)).toEqual(rates.slice(4).sort((a, b) => b - a))
  expect(rateAt(7, 20, scheduleSettings.parse({ shape: 'constant' }))).toBe(1)
})
