import type { CellLayout, CodeKind, StudyDocument } from './document.ts'
import { readFrontMatter } from './front-matter.ts'
import { repairIds } from './ids.ts'
import { layoutOf } from './layout.ts'
import { parseStudy } from './parse.ts'
import { printStudy } from './print.ts'
import { kindOf, languageOf } from './syntax/info.ts'
import { splitLines } from './syntax/lines.ts'

/**
 * A study as a notebook editor holds it: cells whose texts have LF endings only, and plain JSON beside them to be kept
 * as metadata. `fromEditor(toEditor(document))` prints the same text, as long as the ids need no repair.
 */
export interface EditorStudy {
  cells: EditorCell[]
  frame: StudyFrame
}

export interface EditorCell {
  kind: 'prose' | CodeKind
  text: string
  /** Missing in a cell that was just added, and in prose. */
  id?: string
  attributes?: Record<string, string>
  layout?: CellLayout
}

/** What belongs to the document and to no cell. */
export type StudyFrame = Pick<StudyDocument, 'frontMatter' | 'eol' | 'layout'>

/** In `layout`: the ending of each line, where they are not all the document's. */
const ENDINGS = 'endings'
const LETTERS = { '\n': 'n', '\r\n': 'w', '\r': 'r', '': '' } as const

export function toEditor({ cells, frontMatter, eol, layout }: StudyDocument): EditorStudy {
  return {
    frame: { ...(frontMatter !== undefined && { frontMatter }), eol, ...(layout && { layout }) },
    cells: cells.map(cell => {
      const lines = splitLines(cell.text)
      const endings = lines.map(line => LETTERS[line.end]).join('')
      const uniform = endings === LETTERS[eol].repeat(endings.length)
      const kept = { ...cell.layout, ...(!uniform && { [ENDINGS]: endings }) }
      return {
        kind: cell.kind,
        text: lines.map(line => line.text + (line.end && '\n')).join(''),
        ...(cell.kind !== 'prose' && { id: cell.id, attributes: cell.attributes }),
        ...(Object.keys(kept).length && { layout: kept }),
      }
    }),
  }
}

/**
 * The document that an editor shows: ids given and repaired, line endings put back.
 *
 * @throws FormatError where the front matter is not readable
 */
export function fromEditor({ cells, frame }: EditorStudy): StudyDocument {
  const document: StudyDocument = {
    ...frame,
    meta: readFrontMatter(frame.frontMatter),
    cells: cells.map(cell => {
      const { [ENDINGS]: endings, ...layout } = cell.layout ?? {}
      const text = withEndings(cell.text, typeof endings === 'string' ? endings : '', frame.eol)
      const kept = cell.layout && { layout }
      if (cell.kind === 'prose') return { kind: 'prose', text, ...kept }
      return {
        kind: cell.kind,
        id: cell.id ?? '',
        language: languageFor(cell),
        attributes: cell.attributes ?? {},
        text,
        ...kept,
      }
    }),
  }
  return repairIds(document).document
}

/**
 * The text to save for a study in an editor.
 *
 * @throws FormatError where the text could not be opened again (prose that holds the broken start of a cell)
 */
export function printEditor(study: EditorStudy): string {
  const text = printStudy(fromEditor(study))
  parseStudy(text)
  return text
}

/** The language as it was written, as long as the cell is of the same kind. */
function languageFor(cell: EditorCell): string {
  const kind = cell.kind as CodeKind
  const written = layoutOf<{ info: string }>(cell).info?.trim().split(/[ \t]/)[0]
  return written !== undefined && kindOf(written) === kind ? written : languageOf(kind)
}

function withEndings(text: string, endings: string, eol: '\n' | '\r\n'): string {
  const lines = splitLines(text)
  const count = lines.filter(line => line.end !== '').length
  const byLetter: Record<string, string> = { n: '\n', w: '\r\n', r: '\r' }
  return lines
    .map((line, i) => line.text + (line.end && (endings.length === count ? byLetter[endings[i]] : eol)))
    .join('')
}
