/** Rows in ascending order of a column, with its ties. Rows with equal values form one group. */
export interface Ordering {
  /** Row numbers, ascending by value; equal values in row order. */
  rows: Int32Array
  /** Group g is `rows[start[g] .. start[g + 1])`. */
  start: Int32Array
  /** Number of groups, that is of distinct values. */
  groups: number
}

/** Orders a column without missing values. O(n log n). */
export function ordering(values: Float64Array): Ordering {
  const sorted = Float64Array.from(values).sort()
  const rows = sortedRows(values)
  const start = new Int32Array(values.length + 1)
  let groups = 0
  for (let k = 0; k < sorted.length; k++) if (k === 0 || sorted[k] !== sorted[k - 1]) start[groups++] = k
  start[groups] = values.length
  return { rows, start: start.slice(0, groups + 1), groups }
}

function sortedRows(values: Float64Array): Int32Array {
  return Int32Array.from(values, (_, row) => row).sort((a, b) => values[a] - values[b] || a - b)
}

/** Ranks from 1 to n; equal values share the mean of the ranks they cover ("midranks", SciPy's `average`). */
export function midranks(values: Float64Array): Float64Array {
  const { rows, start, groups } = ordering(values)
  const ranks = new Float64Array(values.length)
  for (let g = 0; g < groups; g++) {
    const rank = (start[g] + start[g + 1] + 1) / 2
    for (let k = start[g]; k < start[g + 1]; k++) ranks[rows[k]] = rank
  }
  return ranks
}
