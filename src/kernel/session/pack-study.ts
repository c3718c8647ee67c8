import { readFile } from 'node:fs/promises'
import { readLock } from '../../notebook/lock.ts'
import { lockPath } from '../../notebook/paths.ts'
import { MirageError } from '../errors.ts'
import { packReplay } from '../judge/answers/replay.ts'
import type { Store } from '../store/store.ts'

/**
 * Packs the judges' answers behind the scores that a study's lock speaks of.
 *
 * @param bundle path of the file that is written
 * @returns number of answers
 * @throws MirageError `lock-missing`, `replay-empty`, `replay-incomplete`
 */
export async function packStudy(study: string, store: Store, bundle: string): Promise<number> {
  const lock = readLock(await readText(lockPath(study)))
  const uses = Object.values(lock.cells).flatMap(({ settings }) => usesOf(settings))
  if (uses.length === 0) {
    throw new MirageError({
      code: 'replay-empty',
      message: 'The lock file of this study speaks of no answers of a judge.',
      remedy: 'Run its `score` cells with a judge, then pack.',
    })
  }
  return packReplay(store, uses, bundle)
}

/** Names of the records that say what each judge's scores rest on. */
function usesOf({ judges }: Record<string, unknown>): string[] {
  if (!Array.isArray(judges)) return []
  return judges.flatMap((judge: { uses?: unknown }) => (typeof judge?.uses === 'string' ? [judge.uses] : []))
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new MirageError(
      {
        code: 'lock-missing',
        message: `There is no lock file ${path}.`,
        remedy: 'Run the study first: the lock says which answers it used.',
      },
      { cause: error },
    )
  }
}
