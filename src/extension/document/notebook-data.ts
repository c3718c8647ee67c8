import type { EditorCell, EditorStudy, StudyFrame } from '../../notebook/cells.ts'
import type { CodeKind, StudyMeta } from '../../notebook/document.ts'
import { readFrontMatter } from '../../notebook/front-matter.ts'
import type { vscode } from '../vscode.ts'

/** The notebook type of `*.mirage.md`. */
export const NOTEBOOK_TYPE = 'mirage-study'

/** VS Code's language of each kind of cell. */
export const LANGUAGES: Record<CodeKind, string> = {
  step: 'mirage',
  prompt: 'mirage-prompt',
  script: 'typescript',
}

/** `vscode.NotebookCellKind`, whose values are part of the API. */
export const MARKUP = 1
export const CODE = 2

/** `vscode.NotebookCellData` without its class. */
export interface PlainCell {
  kind: typeof MARKUP | typeof CODE
  languageId: string
  value: string
  metadata?: { [key: string]: unknown }
}

/** `vscode.NotebookData` without its class. */
export interface PlainNotebook {
  cells: PlainCell[]
  metadata?: { [key: string]: unknown }
}

/** What a cell carries through the editor, under the key `mirage`; empty for one that was just made. */
export type CellMetadata = Partial<Omit<EditorCell, 'text'>>

type Metadata = { readonly [key: string]: unknown } | undefined

export function toNotebook({ cells, frame }: EditorStudy): PlainNotebook {
  return {
    cells: cells.map(({ text, ...kept }) => ({
      kind: kept.kind === 'prose' ? MARKUP : CODE,
      languageId: kept.kind === 'prose' ? 'markdown' : LANGUAGES[kept.kind],
      value: text,
      metadata: { mirage: kept satisfies CellMetadata },
    })),
    metadata: { mirage: frame },
  }
}

/** The inverse of `toNotebook`. A cell that became another kind is printed anew. */
export function fromNotebook(notebook: PlainNotebook): EditorStudy {
  return { cells: notebook.cells.map(toCell), frame: frameOf(notebook.metadata) }
}

function toCell(cell: PlainCell): EditorCell {
  const known = cellMetadata(cell.metadata)
  const layout = (kind: EditorCell['kind']) => known.kind === kind && known.layout && { layout: known.layout }
  if (cell.kind === MARKUP) return { kind: 'prose', text: cell.value, ...layout('prose') }
  const kind = kindOf(cell.languageId)
  if (!kind) return { kind: 'prose', text: fenced(cell.languageId, cell.value) }
  return { kind, text: cell.value, id: known.id, attributes: known.attributes ?? {}, ...layout(kind) }
}

/** Text in a language that no kind of cell has is kept as a fenced block of prose. */
function fenced(language: string, text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`{3,}/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  return [fence + language, text, fence].join('\n')
}

export function kindOf(languageId: string): CodeKind | undefined {
  return (Object.keys(LANGUAGES) as CodeKind[]).find(kind => LANGUAGES[kind] === languageId)
}

/** What is read of an open cell. */
export type OpenCell = Pick<vscode.NotebookCell, 'kind' | 'metadata'> & {
  document: Pick<vscode.TextDocument, 'getText' | 'languageId'>
}

/** The id that results, outputs and errors know the cell by; empty before it has one. */
export function idOf(cell: Pick<OpenCell, 'metadata'>): string {
  return cellMetadata(cell.metadata).id ?? ''
}

export function isCode(cell: Pick<OpenCell, 'kind'>): boolean {
  return cell.kind === CODE
}

export function cellMetadata(metadata: Metadata): CellMetadata {
  return (metadata?.mirage as CellMetadata | undefined) ?? {}
}

/** What a notebook carries; that of an empty study for one that was just made. */
export function frameOf(metadata: Metadata): StudyFrame {
  return (metadata?.mirage as StudyFrame | undefined) ?? { eol: '\n' }
}

/** @throws FormatError where the front matter is not readable */
export function metaOf(metadata: Metadata): StudyMeta {
  return readFrontMatter(frameOf(metadata).frontMatter)
}
