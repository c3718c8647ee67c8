import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Study } from '../kernel/protocol/messages.ts'
import type { StudyDocument } from '../notebook/document.ts'
import { FormatError } from '../notebook/errors.ts'
import { decodeStudy, openStudy } from '../notebook/open.ts'
import { isStudyPath } from '../notebook/paths.ts'
import { UsageError } from './usage.ts'

/**
 * Reads a study as the kernel takes it.
 *
 * @throws UsageError for a path that is no study, and for a text that does not parse, with file, line and column
 */
export async function readStudy(word: string): Promise<Study> {
  const path = resolve(word)
  if (!isStudyPath(path))
    throw new UsageError(`${word} is not a study.`, 'Name a file that ends in .mirage.md.')
  let bytes: Uint8Array
  try {
    bytes = await readFile(path)
  } catch (error) {
    throw new UsageError(
      `${word} cannot be read: ${(error as NodeJS.ErrnoException).code}.`,
      'Check the path.',
    )
  }
  try {
    const { document, problems } = openStudy(decodeStudy(bytes))
    for (const { at, message, remedy } of problems) {
      console.error(`${word}:${at.line}:${at.column}: ${message} ${remedy}`)
    }
    return studyOf(path, document)
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    const { at, message, remedy } = error.info
    throw new UsageError(`${word}:${at.line}:${at.column}: ${message}`, remedy)
  }
}

/** A study as it was when it was submitted to a cluster. */
export async function readSnapshot(path: string): Promise<Study> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Study
  } catch (error) {
    throw new UsageError(
      `The snapshot ${path} cannot be read: ${(error as Error).message}`,
      'Submit the study again.',
    )
  }
}

/** A parsed document as the kernel takes it: code cells only. */
function studyOf(path: string, document: StudyDocument): Study {
  return {
    path,
    seed: document.meta.seed,
    meta: {
      ...document.meta.other,
      ...(document.meta.title !== undefined && { title: document.meta.title }),
    },
    cells: document.cells
      .filter(cell => cell.kind !== 'prose')
      .map(({ id, kind, attributes, text, line }) => ({ id, kind, attributes, text, line })),
  }
}
