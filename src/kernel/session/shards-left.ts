import { MirageError } from '../errors.ts'
import { isReadable } from './plan.ts'
import type { ResultBook } from './result-book.ts'
import { cutAll, cutInputs, idsIn, rowCount, type Shard } from './shard.ts'
import { type ReadableCell, resultKey, type Standings } from './standings.ts'
import type { Inputs } from './step-context.ts'

/**
 * Cells whose results are there, with the results' keys.
 *
 * @param settled cells that a provisional result is enough for
 */
export async function finishedCells(
  standings: Standings,
  settled: ReadonlySet<string>,
): Promise<Map<string, string>> {
  const done = new Map<string, string>()
  for (const cell of standings.plan.cells) {
    const { key, result } = await standings.of(cell)
    if (key && result && (!result.provisional || settled.has(cell.id))) done.set(cell.id, key)
  }
  return done
}

/** Which of `count` shards of a cell have rows and no result yet; undefined while the cell's inputs are missing. */
export async function missingShards(
  standings: Standings,
  book: ResultBook,
  cellId: string,
  { count, seed }: { count: number; seed: number },
): Promise<number[] | undefined> {
  const found = await cellWithInputs(standings, cellId)
  if (!found) return undefined
  const { cell, inputs } = found
  const { program } = cell
  const fingerprint = await standings.fingerprintOf(cell, inputs)
  const byRows = program.runs === undefined
  const parts = byRows ? cutAll(inputs, count) : Array.from({ length: program.runs! }, () => inputs)
  const missing: number[] = []
  for (const [index, part] of parts.entries()) {
    if (byRows && rowCount(part) === 0) continue
    const key = resultKey(program, part, fingerprint, seed, byRows ? undefined : index)
    if (!(await book.findFinal(key))) missing.push(index)
  }
  return missing
}

/** Image ids by shard; undefined where no rows are cut, and while inputs are missing. */
export async function idsByShard(
  standings: Standings,
  cellId: string,
  count: number,
): Promise<string[][] | undefined> {
  const found = await cellWithInputs(standings, cellId)
  if (!found || found.cell.program.runs !== undefined) return undefined
  return cutAll(found.inputs, count).map(idsIn)
}

/** Image ids of one shard; undefined where no rows are cut, and while inputs are missing. */
export async function idsOfShard(
  standings: Standings,
  cellId: string,
  shard: Shard,
): Promise<string[] | undefined> {
  const found = await cellWithInputs(standings, cellId)
  if (!found || found.cell.program.runs !== undefined) return undefined
  return idsIn(cutInputs(found.inputs, shard))
}

/** A cell and its inputs, or undefined while one of them has no result. */
async function cellWithInputs(
  standings: Standings,
  id: string,
): Promise<{ cell: ReadableCell; inputs: Inputs } | undefined> {
  const cell = standings.plan.cells.find(each => each.id === id)
  if (!cell || !isReadable(cell)) return undefined
  try {
    return { cell, inputs: await standings.inputsOf(cell) }
  } catch (error) {
    if (error instanceof MirageError) return undefined
    throw error
  }
}
