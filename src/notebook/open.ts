import type { StudyDocument } from './document.ts'
import { FormatError, type FormatProblem } from './errors.ts'
import { isNewerFormat } from './front-matter.ts'
import { type IdRepair, repairIds } from './ids.ts'
import { hidesCell, parseStudy } from './parse.ts'
import { advance, type Block, fenceOpening, START } from './syntax/blocks.ts'
import { CELL_LANGUAGES, readInfo } from './syntax/info.ts'
import { splitLines } from './syntax/lines.ts'

export interface OpenedStudy {
  /** Every code cell has an id of its own. */
  document: StudyDocument
  /** Why the document may be looked at but not saved. */
  readOnly?: string
  /** What a person should know but what stops nothing: ids that were repaired, fences that look like cells and are none. */
  problems: FormatProblem[]
}

/**
 * Opens the text of a study for use: parses, repairs ids, and says what is odd.
 *
 * @throws FormatError as `parseStudy` does
 */
export function openStudy(text: string): OpenedStudy {
  const parsed = parseStudy(text)
  const { document, repairs } = repairIds(parsed)
  return {
    document,
    ...(isNewerFormat(document.meta) && {
      readOnly: `This file has format ${document.meta.format}, which is newer than this version of Mirage can write.`,
    }),
    problems: [...repairs.map(repairProblem), ...lookalikes(text)].sort((a, b) => a.at.line - b.at.line),
  }
}

/**
 * The text of a file's bytes. Bytes that are no UTF-8 are refused, since saving would replace them.
 *
 * @throws FormatError
 */
export function decodeStudy(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (error) {
    const before = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes).split('\uFFFD', 1)[0]
    const lines = splitLines(`${before}.`)
    throw new FormatError(
      {
        code: 'not-utf8',
        message: 'The file is not UTF-8 text.',
        remedy: 'Open it as text with its own encoding and save it with encoding UTF-8.',
        at: { line: lines.length, column: lines[lines.length - 1].text.length },
      },
      { cause: error },
    )
  }
}

function repairProblem({ line, why, before, after }: IdRepair): FormatProblem {
  const said = {
    missing: 'This cell has no id',
    duplicate: `The id \`${before}\` is taken by an earlier cell`,
    unusable: `\`${before}\` can't be an id`,
  }
  return {
    code: `id-${why}`,
    message: `${said[why]}; it is called \`${after}\`.`,
    remedy: 'Save the study to write the id, or give another: letters, digits, `_`, `.` and `-`.',
    at: { line: line ?? 1, column: 1 },
  }
}

/** Fences that say `mirage` but are prose: another language, an indented fence, or one that a forgotten end has swallowed. */
function lookalikes(text: string): FormatProblem[] {
  const problems: FormatProblem[] = []
  const lines = splitLines(text)
  let block: Block = START
  let opened = 0
  lines.forEach((line, i) => {
    const problem = lookalike(block, line.text, opened + 1)
    if (problem) problems.push({ ...problem, at: { line: i + 1, column: 1 } })
    const next = advance(block, line.text)
    if (next !== block && next.kind !== 'text') opened = i
    block = next
  })
  return problems
}

function lookalike(block: Block, line: string, opened: number): Omit<FormatProblem, 'at'> | undefined {
  if (block.kind === 'fence' && hidesCell(block.fence, line))
    return {
      code: 'cell-swallowed',
      message: `This looks like a cell, but is text of the fence that opens in line ${opened}.`,
      remedy: 'Close that fence, or make it longer if the line is meant as its text.',
    }
  const opening = block.kind === 'text' ? fenceOpening(line) : undefined
  if (!opening || (block.kind === 'text' && block.item !== undefined && opening.indent >= block.item))
    return undefined
  const reading = readInfo(opening.info)
  if (reading.as === 'unknown-language')
    return {
      code: 'cell-language',
      message: `\`${reading.language}\` is not a language of cells; this fence is kept as prose.`,
      remedy: `Use one of ${CELL_LANGUAGES.join(', ')}.`,
    }
  if (reading.as !== 'other' && opening.indent > 0)
    return {
      code: 'cell-indented',
      message: 'A cell starts in the first column; this fence is kept as prose.',
      remedy: 'Remove the spaces in front of it.',
    }
  return undefined
}
