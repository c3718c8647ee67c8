import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { blendWeights, planAxis } from '../../../src/kernel/models/run/tiles.ts'

const axis = fc
  .record({
    length: fc.integer({ min: 1, max: 400 }),
    tile: fc.integer({ min: 8, max: 120 }),
    overlap: fc.nat(60),
    multiple: fc.constantFrom(1, 2, 8),
    minimum: fc.constantFrom(1, 16),
    fixed: fc.option(fc.integer({ min: 8, max: 120 }), { nil: undefined }),
  })
  .filter(({ tile, overlap, fixed }) => overlap < Math.min(tile, fixed ?? tile) / 2)

describe('cutting an axis', () => {
  test('covers every pixel, shares at least the overlap and keeps to what the network takes', () => {
    fc.assert(
      fc.property(axis, ({ length, ...needs }) => {
        const { size, starts } = planAxis(length, { ...needs, multiple: needs.fixed ? 1 : needs.multiple })
        expect(starts[0]).toBe(0)
        expect(starts.at(-1)! + size).toBeGreaterThanOrEqual(length)
        if (starts.length > 1) expect(starts.at(-1)! + size).toBe(length)
        for (let i = 1; i < starts.length; i++) {
          expect(starts[i - 1] + size - starts[i]).toBeGreaterThanOrEqual(needs.overlap)
        }
        if (needs.fixed) expect(size).toBe(needs.fixed)
        else {
          expect(size % needs.multiple).toBe(0)
          expect(size).toBeGreaterThanOrEqual(needs.minimum)
          expect(size).toBeLessThanOrEqual(Math.max(needs.tile, needs.minimum + needs.multiple))
        }
      }),
    )
  })

  test('an axis that fits is one tile, and no tile is wasted', () => {
    const needs = { tile: 64, overlap: 16, multiple: 1, minimum: 1 }
    expect(planAxis(64, needs)).toEqual({ length: 64, size: 64, starts: [0] })
    expect(planAxis(65, needs).starts).toHaveLength(2)
    expect(planAxis(112, needs).starts).toHaveLength(3)
    expect(planAxis(111, needs).starts).toHaveLength(2)
  })

  test('an overlap that leaves nothing of a tile is refused', () => {
    expect(() => planAxis(100, { tile: 32, overlap: 32, multiple: 1, minimum: 1 })).toThrow(RangeError)
  })
})

test('blending weights sum to one at every pixel and are zero at borders that another tile covers', () => {
  fc.assert(
    fc.property(axis, fc.integer({ min: 1, max: 4 }), ({ length, ...needs }, scale) => {
      const plan = planAxis(length, { ...needs, fixed: undefined })
      const weights = blendWeights(plan, scale)
      const sums = new Float64Array(length * scale)
      plan.starts.forEach((start, k) => {
        for (let p = 0; p < plan.size * scale; p++) {
          const at = start * scale + p
          if (at < sums.length) sums[at] += weights[k][p]
        }
      })
      for (const sum of sums) expect(sum).toBeCloseTo(1, 5)
      const shared = plan.starts.length > 1 ? plan.starts[0] + plan.size - plan.starts[1] : 0
      if (shared * scale >= 8) expect(weights[1][0]).toBe(0)
    }),
  )
})
