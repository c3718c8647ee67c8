/** Values are told apart at the precision of 16-bit files, which holds every 8-bit level exactly. */
const LEVELS = 65536

/**
 * Values (0..1) changed monotonically so that their distribution becomes that of `target`: each value goes to where
 * `target`'s cumulative distribution is the same, with linear interpolation between its distinct values.
 */
export function matchHistogram(values: Float32Array, target: Float32Array): Float32Array {
  const own = countLevels(values)
  const wanted = countLevels(target)
  const goesTo = new Float64Array(LEVELS)
  let share = 0
  // The last distinct value of `target` whose share is below the current one, and the first whose share is not.
  let below = { level: -1, share: 0 }
  let above = nextLevel(wanted, below, target.length)
  for (let level = 0; level < LEVELS; level++) {
    if (own[level] === 0) continue
    share += own[level] / values.length
    while (above.share < share && above.level < LEVELS) {
      const next = nextLevel(wanted, above, target.length)
      if (next.level === LEVELS) break
      below = above
      above = next
    }
    const part = below.level < 0 ? 1 : Math.min(1, (share - below.share) / (above.share - below.share))
    goesTo[level] =
      (below.level < 0 ? above.level : below.level + part * (above.level - below.level)) / (LEVELS - 1)
  }
  return values.map(value => goesTo[levelOf(value)])
}

function nextLevel(counts: Uint32Array, { level, share }: { level: number; share: number }, total: number) {
  let next = level + 1
  while (next < LEVELS && counts[next] === 0) next++
  return { level: next, share: next < LEVELS ? share + counts[next] / total : share }
}

function countLevels(values: Float32Array): Uint32Array {
  const counts = new Uint32Array(LEVELS)
  for (let i = 0; i < values.length; i++) counts[levelOf(values[i])]++
  return counts
}

function levelOf(value: number): number {
  return Math.round(Math.min(Math.max(value, 0), 1) * (LEVELS - 1))
}
