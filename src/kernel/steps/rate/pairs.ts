import type { ImageRef, RatePair } from '../../protocol/mime.ts'
import type { BlindPair } from '../../rating/collection.ts'
import { createRng } from '../../stats/resampling/rng.ts'
import { hashOf } from '../../store/canonical.ts'
import type { Row, StudyTable } from '../../value.ts'
import type { RateParams } from './params.ts'

/** A pair as it is shown, and what the kernel alone knows of it. */
export interface ShownPair {
  key: string
  pair: BlindPair
  shown: RatePair
}

/** Names of traps in the file of their answers, where a method stands for others. */
const COPY = 'trap: the original itself'
const STRANGER = 'trap: another image'

/**
 * The pairs of a table and the traps among them, in an order that tells nothing: by a hash, which is also all that a viewer
 * is given of a pair's name. `left` says which rows could not be shown.
 */
export function pairsOf(
  table: StudyTable,
  params: RateParams,
  seed: number,
): { pairs: ShownPair[]; left: string[] } {
  const roles = params.against === 'gt+lr' ? (['gt', 'lr'] as const) : ([params.against] as const)
  const left: string[] = []
  const pairs = new Map<string, ShownPair>()
  const add = (pair: BlindPair, result: ImageRef, row: Row) => {
    // A prefix is enough to tell pairs apart, and shorter to send.
    const key = hashOf({ seed, pair }).slice(0, 16)
    const references = roles.map(role => ({ label: LABELS[role], image: nameless(row.images[role]!) }))
    pairs.set(key, { key, pair, shown: { key, references, result: nameless(result) } })
  }
  const usable = table.rows.filter(row => {
    if (row.method === null || (params.methods && !params.methods.includes(row.method))) return false
    const lacking = ['sr' as const, ...roles].find(role => !row.images[role])
    if (lacking) left.push(`${row.id} by ${row.method} has no ${lacking.toUpperCase()} and is left out.`)
    return !lacking
  })
  const seen = new Set<string>()
  for (const row of usable) {
    const name = JSON.stringify([row.id, row.method])
    if (seen.has(name)) left.push(`${row.id} by ${row.method} #${row.seed} is left out: one seed is rated.`)
    else {
      const { id, seed: sample } = row
      add({ id, method: row.method!, ...(sample !== undefined && { seed: sample }) }, row.images.sr!, row)
    }
    seen.add(name)
  }
  addTraps(usable, params, seed, add)
  return { pairs: [...pairs.values()].sort((a, b) => (a.key < b.key ? -1 : 1)), left }
}

const LABELS = { gt: 'Original', lr: 'Original, low resolution' } as const

function addTraps(
  rows: readonly Row[],
  { traps, best }: RateParams,
  seed: number,
  add: (pair: BlindPair, result: ImageRef, row: Row) => void,
): void {
  const images = [...new Map(rows.filter(row => row.images.gt).map(row => [row.id, row])).values()]
  const order = Int32Array.from(images, (_, i) => i)
  createRng(seed).shuffle(order)
  for (let i = 0; i < Math.min(traps, images.length); i++) {
    const row = images[order[i]]
    add({ id: row.id, method: COPY, expected: best }, row.images.gt!, row)
    if (images.length < 2) continue
    const other = images[order[(i + 1) % images.length]]
    add({ id: row.id, method: STRANGER, expected: best === 5 ? 1 : 5 }, other.images.gt!, row)
  }
}

/** File names may hold the method's. */
function nameless({ hash, width, height, mime }: ImageRef): ImageRef {
  return { hash, width, height, mime }
}
