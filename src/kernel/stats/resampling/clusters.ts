/**
 * Rows that belong together: all methods on one image share its difficulty, so whole images are drawn, left out and
 * exchanged, never single rows.
 */
export interface Clusters {
  count: number
  /** Cluster of each row, 0 .. count - 1, in order of first appearance. */
  of: Int32Array
}

/** One cluster per distinct key (an image id). */
export function clusterBy(keys: readonly string[]): Clusters {
  const numbers = new Map<string, number>()
  const of = new Int32Array(keys.length)
  keys.forEach((key, row) => {
    let number = numbers.get(key)
    if (number === undefined) {
      number = numbers.size
      numbers.set(key, number)
    }
    of[row] = number
  })
  return { count: numbers.size, of }
}

/** Every row for itself. */
export function unclustered(rows: number): Clusters {
  return { count: rows, of: Int32Array.from({ length: rows }, (_, row) => row) }
}

/** The clusters of a selection of rows, numbered anew. */
export function clustersOf(clusters: Clusters, rows: Int32Array): Clusters {
  const numbers = new Int32Array(clusters.count).fill(-1)
  const of = new Int32Array(rows.length)
  let count = 0
  rows.forEach((row, k) => {
    const old = clusters.of[row]
    if (numbers[old] < 0) numbers[old] = count++
    of[k] = numbers[old]
  })
  return { count, of }
}

/** Rows by cluster: those of cluster c are `rows[start[c] .. start[c + 1])`. */
export function rowsByCluster(clusters: Clusters): { start: Int32Array; rows: Int32Array } {
  const start = new Int32Array(clusters.count + 1)
  for (const cluster of clusters.of) start[cluster + 1]++
  for (let c = 0; c < clusters.count; c++) start[c + 1] += start[c]
  const cursor = start.slice(0, clusters.count)
  const rows = new Int32Array(clusters.of.length)
  clusters.of.forEach((cluster, row) => {
    rows[cursor[cluster]++] = row
  })
  return { start, rows }
}

/** Cluster numbers by how many rows the clusters have. */
export function clustersBySize(counts: ArrayLike<number>): Map<number, number[]> {
  const bySize = new Map<number, number[]>()
  for (let c = 0; c < counts.length; c++) {
    const members = bySize.get(counts[c])
    if (members) members.push(c)
    else bySize.set(counts[c], [c])
  }
  return bySize
}
