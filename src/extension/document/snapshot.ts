import type { Study, StudyCell } from '../../kernel/protocol/messages.ts'
import type { vscode } from '../vscode.ts'
import { CODE, cellMetadata, kindOf, metaOf } from './notebook-data.ts'

/** What is read of an open notebook. */
export type OpenNotebook = Pick<vscode.NotebookDocument, 'uri' | 'metadata'> & {
  getCells(): readonly OpenCell[]
}
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

/** The study as the editor has it now, for the kernel. Cells of other languages are not part of it. */
export function snapshot(notebook: OpenNotebook): Study {
  const meta = metaOf(notebook.metadata)
  return {
    path: notebook.uri.fsPath,
    seed: meta.seed,
    meta: { ...meta.other, ...(meta.title !== undefined && { title: meta.title }) },
    cells: notebook.getCells().flatMap(cell => toStudyCell(cell) ?? []),
  }
}

function toStudyCell(cell: OpenCell): StudyCell | undefined {
  const kind = isCode(cell) ? kindOf(cell.document.languageId) : undefined
  if (!kind) return undefined
  return {
    id: idOf(cell),
    kind,
    attributes: cellMetadata(cell.metadata).attributes ?? {},
    text: cell.document.getText(),
  }
}
