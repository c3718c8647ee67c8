import { readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Study } from '../protocol/messages.ts'
import type { Session } from '../session/session.ts'
import type { Store } from '../store/store.ts'
import type { PlannedPiece } from './pieces.ts'

/**
 * What the tasks of a submission tell each other, as small files in its folder of the shared store:
 *
 *     pieces.json     what was submitted
 *     CELL.key        key of a cell's result, once there is one
 *     PIECE.open      the shards of a piece that have work, one per line
 *
 * A task that does not see such a file in time only does more than it had to.
 */
export const submissionFolder = (store: Store, id: string) => join(store.root, 'cluster', id)

const PIECES = 'pieces.json'
const KEY = '.key'

export const openShardsFile = (folder: string, piece: string) => join(folder, `${piece}.open`)

/** Before the first job is submitted, so that every task finds it. */
export async function prepareTasks(
  folder: string,
  pieces: readonly PlannedPiece[],
  finished: ReadonlyMap<string, string>,
): Promise<void> {
  await writeFile(join(folder, PIECES), JSON.stringify(pieces))
  for (const [cell, key] of finished) await writeFile(join(folder, cell + KEY), key)
}

/** The submission and the piece that a report's key names. */
function namesIn(report: string): { submission: string; piece: string } {
  const dot = report.indexOf('.')
  return { submission: report.slice(0, dot), piece: report.slice(dot + 1) }
}

/** Keys of the results that earlier pieces of the submission have, by cell. */
export async function knownResults(store: Store, report: string): Promise<[cell: string, key: string][]> {
  const folder = submissionFolder(store, namesIn(report).submission)
  const names = (await readdir(folder).catch(() => [])).filter(name => name.endsWith(KEY))
  return Promise.all(
    names.map(
      async (name): Promise<[string, string]> => [
        name.slice(0, -KEY.length),
        (await readFile(join(folder, name), 'utf8')).trim(),
      ],
    ),
  )
}

/**
 * Once a piece is done, tells its result, and of the pieces that need it, whose rows are known now, which shards have
 * work: a task without any ends in its first lines of shell and starts no Mirage.
 */
export async function tellNext(
  store: Store,
  report: string,
  cell: string,
  { session, study }: { session: Session; study: Study },
): Promise<void> {
  const { submission, piece: done } = namesIn(report)
  const folder = submissionFolder(store, submission)
  const key = session.keyOf(cell)
  if (key) {
    session.take([[cell, key]])
    await writeWhole(store, join(folder, cell + KEY), key)
  }
  const text = await readFile(join(folder, PIECES), 'utf8').catch(() => '[]')
  for (const { piece, count } of JSON.parse(text) as PlannedPiece[]) {
    if (count === undefined || !piece.needs.includes(done)) continue
    const missing = await session.missingShards(study, piece.cell, count)
    if (missing)
      await writeWhole(store, openShardsFile(folder, piece.id), missing.map(index => `${index}\n`).join(''))
  }
}

async function writeWhole(store: Store, path: string, text: string): Promise<void> {
  const temporary = store.temporaryPath()
  await writeFile(temporary, text)
  await rename(temporary, path)
}
