/** Rows in ascending order of a column, with its ties. Rows with equal values form one group. */
export interface Ordering {
  /** Row numbers, ascending by value; equal values in row order. */
  rows: Int32Array
  /** Group of each row. */
  group: Int32Array
  /** Group g is `rows[start[g] .. start[g + 1])`. */
  start: Int32Array
  /** Number of groups, that is of distinct values. */
  groups: number
}

/** Orders a column without missing values. O(n log n). */
export function ordering(values: Float64Array): Ordering {
  // Numbers sort several times faster than row numbers with a comparison, so values are sorted and rows then counted in.
  const distinct = distinctAscending(values)
  const group = new Int32Array(values.length)
  const start = new Int32Array(distinct.length + 1)
  for (let row = 0; row < values.length; row++) {
    group[row] = find(distinct, values[row])
    start[group[row] + 1]++
  }
  for (let g = 0; g < distinct.length; g++) start[g + 1] += start[g]
  const cursor = start.slice()
  const rows = new Int32Array(values.length)
  for (let row = 0; row < values.length; row++) rows[cursor[group[row]]++] = row
  return { rows, group, start, groups: distinct.length }
}

function distinctAscending(values: Float64Array): Float64Array {
  const sorted = Float64Array.from(values).sort()
  let count = 0
  for (let k = 0; k < sorted.length; k++)
    if (k === 0 || sorted[k] !== sorted[count - 1]) sorted[count++] = sorted[k]
  return sorted.subarray(0, count)
}

function find(ascending: Float64Array, value: number): number {
  let low = 0
  let high = ascending.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (ascending[middle] < value) low = middle + 1
    else high = middle
  }
  return low
}

/** Ranks from 1 to n; equal values share the mean of the ranks they cover ("midranks", SciPy's `average`). */
export function midranks(values: Float64Array): Float64Array {
  return ranksIn(ordering(values))
}

/** The midranks of a column that is already ordered. */
export function ranksIn({ rows, start, groups }: Ordering): Float64Array {
  const ranks = new Float64Array(rows.length)
  for (let g = 0; g < groups; g++) {
    const rank = (start[g] + start[g + 1] + 1) / 2
    for (let k = start[g]; k < start[g + 1]; k++) ranks[rows[k]] = rank
  }
  return ranks
}
