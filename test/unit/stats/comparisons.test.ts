import { describe, expect, it } from 'vitest'
import { type CompareOptions, comparing } from '../../../src/kernel/stats/analysis/differences.ts'
import { ranking } from '../../../src/kernel/stats/analysis/ranking.ts'
import { relating } from '../../../src/kernel/stats/analysis/relations.ts'
import { type Column, sampleOf } from '../../../src/kernel/stats/analysis/sample.ts'
import { viewsOf } from '../../../src/kernel/stats/analysis/views.ts'
import { meng, steiger } from '../../../src/kernel/stats/correlation/dependent.ts'
import { spearman } from '../../../src/kernel/stats/correlation/spearman.ts'
import { clusterBy, unclustered } from '../../../src/kernel/stats/resampling/clusters.ts'
import { createRng, type Rng } from '../../../src/kernel/stats/resampling/rng.ts'
import { finish } from '../../../src/kernel/stats/work.ts'

/** Standard normal deviates by Box and Muller. */
const normal = (rng: Rng) =>
  Math.sqrt(-2 * Math.log(1 - rng.uniform())) * Math.cos(2 * Math.PI * rng.uniform())

describe('two predictors compared, given a third column', () => {
  const ROWS = 40
  const options: CompareOptions = { draws: 0, level: 0.95, given: [], seed: 1, signOf: () => 1 }
  const [pooled] = viewsOf(
    Array.from({ length: ROWS }, (_, row) => ({ id: `${row}`, method: null })),
    ['pooled'],
    {},
  )

  /** Predictors that the given column makes alike, and that are equally good at what it leaves of y. */
  function study(rng: Rng) {
    const columns = ['first', 'second', 'y', 'level'].map((name): Column => {
      return { name, values: new Float64Array(ROWS) }
    })
    const [first, second, y, level] = columns
    for (let row = 0; row < ROWS; row++) {
      level.values[row] = normal(rng)
      first.values[row] = 2 * level.values[row] + normal(rng)
      second.values[row] = 2 * level.values[row] + normal(rng)
      const own = first.values[row] + second.values[row] - 4 * level.values[row]
      y.values[row] = level.values[row] + 0.7 * own + normal(rng)
    }
    return { xs: [first, second], y, level }
  }

  it('are tested by partial correlations throughout, and by the rows that the given column leaves', () => {
    const { xs, y, level } = study(createRng(3))
    const ofLevel = (column: Column) => spearman(column.values, level.values)
    const partial = (a: Column, b: Column) =>
      (spearman(a.values, b.values) - ofLevel(a) * ofLevel(b)) /
      Math.sqrt((1 - ofLevel(a) ** 2) * (1 - ofLevel(b) ** 2))
    const correlations = [partial(xs[0], y), partial(xs[1], y), partial(xs[0], xs[1])] as const
    const expected = {
      pSteiger: expect.closeTo(steiger(...correlations, ROWS - 1).p, 12),
      pMeng: expect.closeTo(meng(...correlations, ROWS - 1).p, 12),
    }
    const given = { ...options, given: [level] }
    const sample = sampleOf(pooled, [...xs, y, level], unclustered(ROWS))
    expect(finish(comparing(sample, xs, y, given))).toMatchObject([expected])
    const related = relating(pooled, xs, y, unclustered(ROWS), {
      ...given,
      permutations: 0,
      logistic: 4,
    })
    expect(finish(related).differences).toMatchObject([expected])
  })

  it('differ at 5 % in about 5 % of the samples in which they do not', () => {
    const rng = createRng(4)
    const runs = 1000
    let [bySteiger, byMeng] = [0, 0]
    for (let run = 0; run < runs; run++) {
      const { xs, y, level } = study(rng)
      const sample = sampleOf(pooled, [...xs, y, level], unclustered(ROWS))
      const [{ pSteiger, pMeng }] = finish(comparing(sample, xs, y, { ...options, given: [level] }))
      if (pSteiger! < 0.05) bySteiger++
      if (pMeng! < 0.05) byMeng++
    }
    for (const share of [bySteiger / runs, byMeng / runs]) {
      expect(share).toBeGreaterThan(0.03)
      expect(share).toBeLessThan(0.075)
    }
  })

  it('are not tested where the given columns leave too few rows', () => {
    const { xs, y, level } = study(createRng(24))
    const few = { ...pooled, rows: pooled.rows.subarray(0, 4) }
    const sample = sampleOf(few, [...xs, y, level], unclustered(ROWS))
    const differences = finish(comparing(sample, xs, y, { ...options, given: [level] }))
    expect(differences).toMatchObject([{ rows: 4, pSteiger: null, pMeng: null }])
  })
})

describe('a ranking of methods', () => {
  const methods = ['a', 'b']
  /** Two methods on so many images, of which the last ones have no value. */
  function ranked(images: number, known: number) {
    const rng = createRng(9)
    const rows = Array.from({ length: images * 2 }, (_, row) => ({
      id: `${Math.floor(row / 2)}`,
      method: methods[row % 2],
    }))
    const values = Float64Array.from(rows, (_, row) =>
      row < known * 2 ? normal(rng) + (row % 2) : Number.NaN,
    )
    const clusters = clusterBy(rows.map(({ id }) => id))
    const names = rows.map(({ method }) => method)
    const how = { draws: 500, level: 0.95, seed: 2 }
    return finish(ranking({ name: 'hs', values }, names, clusters, true, how))
  }

  it('has the intervals of the images that have a value, however many others there are', () => {
    const standings = ranked(40, 8)
    expect(standings).toEqual(ranked(8, 8))
    expect(standings.every(({ low, high }) => low !== null && high !== null)).toBe(true)
  })

  it('has none where too few images have a value', () => {
    expect(ranked(40, 5)).toMatchObject([
      { rows: 5, low: null, rankLow: null },
      { rows: 5, low: null, rankLow: null },
    ])
  })
})
