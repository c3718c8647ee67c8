/** What differences between ratings mean: any is as bad (nominal), ranks (ordinal), or distances on the scale (interval). */
export type Level = 'nominal' | 'ordinal' | 'interval'

/**
 * Krippendorff's alpha ("Computing Krippendorff's alpha-reliability", 2011): 1 is agreement, 0 is what chance gives.
 * Missing ratings are left out; units with fewer than two ratings carry no information. Undefined where no unit has two
 * ratings or all ratings are equal.
 *
 * @param units the ratings of each unit by whoever rated it, in any order
 */
export function krippendorff(units: readonly (readonly number[])[], level: Level): number | undefined {
  const paired = units.filter(ratings => ratings.length >= 2)
  const values = [...new Set(paired.flat())].sort((a, b) => a - b)
  const index = new Map(values.map((value, k) => [value, k]))
  const coincidences = values.map(() => new Float64Array(values.length))
  for (const ratings of paired)
    ratings.forEach((a, i) => {
      ratings.forEach((b, j) => {
        if (i !== j) coincidences[index.get(a)!][index.get(b)!] += 1 / (ratings.length - 1)
      })
    })
  const margins = coincidences.map(row => row.reduce((sum, value) => sum + value, 0))
  const total = margins.reduce((sum, value) => sum + value, 0)
  const distance = DISTANCES[level](values, margins)
  let observed = 0
  let expected = 0
  for (let a = 0; a < values.length; a++)
    for (let b = 0; b < values.length; b++) {
      observed += coincidences[a][b] * distance(a, b)
      expected += margins[a] * margins[b] * distance(a, b)
    }
  return expected > 0 ? 1 - ((total - 1) * observed) / expected : undefined
}

const DISTANCES: Record<Level, (values: number[], margins: number[]) => (a: number, b: number) => number> = {
  nominal: () => (a, b) => (a === b ? 0 : 1),
  interval: values => (a, b) => (values[a] - values[b]) ** 2,
  ordinal: (_, margins) => {
    let below = 0
    const middles = margins.map(margin => {
      below += margin
      return below - margin / 2
    })
    return (a, b) => (middles[a] - middles[b]) ** 2
  },
}
