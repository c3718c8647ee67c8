import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Lock, LockedCell } from '../../../src/notebook/lock.ts'
import { diffLocks } from '../../../src/notebook/lock-diff.ts'

const base: LockedCell = {
  step: 'score',
  version: 1,
  params: 'p1',
  as: 'judged',
  inputs: { measured: 'm1' },
  fingerprint: { images: { 'lr/a.png': 'i1' }, models: { tiny: 'w1' }, prompts: { hs: 't1' } },
  settings: { ssim: { version: 1, border: 4 } },
  judge: { model: 'gpt-4o', baseURL: 'https://example.org/v1' },
  provider: 'cpu',
  packages: { sharp: '0.35.5' },
  result: 'r1',
}
const lock = (cells: Record<string, LockedCell>, seed?: number): Lock => ({
  version: 1,
  cells,
  ...(seed !== undefined && { seed }),
})

test.each<[change: Partial<LockedCell>, difference: object]>([
  [{ version: 2 }, { cause: 'version', what: 'step score', before: 'score 1', after: 'score 2' }],
  [{ params: 'p2' }, { cause: 'parameters', what: 'parameters', before: 'p1', after: 'p2' }],
  [
    { fingerprint: { ...base.fingerprint, images: { 'lr/a.png': 'i2' } } },
    { cause: 'image', what: 'lr/a.png', before: 'i1', after: 'i2' },
  ],
  [{ fingerprint: { ...base.fingerprint, models: {} } }, { cause: 'model', what: 'tiny', before: 'w1' }],
  [
    { fingerprint: { ...base.fingerprint, prompts: { hs: 't2' } } },
    { cause: 'prompt', what: 'hs', before: 't1', after: 't2' },
  ],
  [
    { judge: { ...base.judge, model: 'other' } },
    { cause: 'judge', what: 'model', before: 'gpt-4o', after: 'other' },
  ],
  [
    { judge: { ...base.judge, other: { model: 'other', temperature: 0 } } },
    { cause: 'judge', what: 'other', after: 'model other, temperature 0' },
  ],
  [
    { settings: { ...base.settings, tiny: { providers: ['cpu', 'webgpu'] } } },
    { cause: 'provider', what: 'tiny.providers', after: 'cpu, webgpu' },
  ],
  [{ provider: 'webgpu' }, { cause: 'provider', what: 'provider', before: 'cpu', after: 'webgpu' }],
  [
    { settings: { ssim: { version: 2, border: 4 } } },
    { cause: 'version', what: 'ssim.version', before: '1', after: '2' },
  ],
  [
    { settings: { ssim: { version: 1, border: 0 } } },
    { cause: 'settings', what: 'ssim.border', before: '4', after: '0' },
  ],
  [{ packages: { sharp: '0.36.0' } }, { cause: 'version', what: 'sharp', before: '0.35.5', after: '0.36.0' }],
  [
    { inputs: { measured: 'm2' } },
    { cause: 'input', what: 'measured', before: 'm1', after: 'm2', from: 'measure' },
  ],
])('a single change is named with its cause: %o', (change, difference) => {
  const measure: LockedCell = { ...base, step: 'metrics', as: 'measured' }
  const after = lock({ hs: { ...base, ...change, result: 'r2' }, measure })
  expect(diffLocks(lock({ hs: base, measure }), after)).toEqual([{ cell: 'hs', ...difference }])
})

test('an edited prompt is named as one, in its own cell and in the cells that read it', () => {
  const prompt = { ...base, step: 'prompt', as: 'measured' }
  expect(
    diffLocks(
      lock({ hs: base, mine: prompt }),
      lock({ hs: { ...base, inputs: { measured: 'm2' } }, mine: { ...prompt, params: 'p2' } }),
    ),
  ).toEqual([
    { cell: 'hs', cause: 'prompt', what: 'measured', before: 'm1', after: 'm2', from: 'mine' },
    { cell: 'mine', cause: 'prompt', what: 'measured', before: 'p1', after: 'p2' },
  ])
})

test('one change is named once, and what the judges took is no difference', () => {
  const [one, other] = ['1', '2'].map(digit => digit.repeat(64))
  const of = (hash: string, calls: number): LockedCell => ({
    ...base,
    fingerprint: { models: { tiny: hash }, endpoints: { asked: hash } },
    judge: { asked: { endpoint: hash } },
    settings: { tiny: { sha256: hash, tile: 8 }, judges: [{ answers: calls }] },
  })
  expect(
    diffLocks(lock({ hs: of(one, 1) }), lock({ hs: of(other, 2) })).map(({ cause, what }) => [cause, what]),
  ).toEqual([
    ['judge', 'asked.endpoint'],
    ['judge', 'asked'],
    ['model', 'tiny'],
  ])
})

test('a package that one run did not write down is no other version', () => {
  expect(diffLocks(lock({ hs: base }), lock({ hs: { ...base, packages: {} } }))).toEqual([])
})

test('another result of the same ingredients is named only where nothing else explains it', () => {
  expect(diffLocks(lock({ hs: base }), lock({ hs: { ...base, result: 'r2' } }))).toEqual([
    { cell: 'hs', cause: 'result', what: 'result', before: 'r1', after: 'r2' },
  ])
})

test('added and removed cells and the seed are named', () => {
  expect(diffLocks(lock({ a: base }, 1), lock({ constructor: base }, 2))).toEqual([
    { cause: 'seed', what: 'seed', before: '1', after: '2' },
    { cell: 'a', cause: 'removed', what: 'score' },
    { cell: 'constructor', cause: 'added', what: 'score' },
  ])
})

test('nothing differs between equal locks, and both directions name the same things', () => {
  const hashes = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('1', '2'))
  const cell = fc
    .record({ version: fc.nat(2), params: fc.constantFrom('x', 'y'), inputs: hashes, packages: hashes })
    .map(change => ({ ...base, ...change }))
  const locks = fc.dictionary(fc.constantFrom('one', 'two', 'three'), cell).map(cells => lock(cells))
  fc.assert(
    fc.property(locks, locks, (a, b) => {
      expect(diffLocks(a, structuredClone(a))).toEqual([])
      const names = (from: Lock, to: Lock) => diffLocks(from, to).map(({ cell, what }) => `${cell} ${what}`)
      expect(names(b, a)).toEqual(names(a, b))
    }),
  )
})
