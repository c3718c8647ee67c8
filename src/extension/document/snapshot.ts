import type { Study, StudyCell } from '../../kernel/protocol/messages.ts'
import type { vscode } from '../vscode.ts'
import { missingIds } from './new-cell-ids.ts'
import { cellMetadata, idOf, isCode, kindOf, metaOf, type OpenCell } from './notebook-data.ts'

/** What is read of an open notebook. */
export type OpenNotebook = Pick<vscode.NotebookDocument, 'uri' | 'metadata'> & {
  getCells(): readonly OpenCell[]
}

/** A code cell of a study with what it goes by. */
export interface NamedCell<C extends OpenCell = OpenCell> {
  id: string
  attributes: Record<string, string>
  cell: C
}

/**
 * The code cells of a study, each with an id that is its alone: one that has none yet, and a copy, go by the id (and a
 * prompt by the name) that they will get. Cells of other languages are not part of it.
 */
export function namedCells<C extends OpenCell>(cells: readonly C[]): NamedCell<C>[] {
  const coming = new Map(missingIds(cells).map(({ index, ...given }) => [index, given]))
  return cells.flatMap((cell, index): NamedCell<C>[] => {
    if (!isCode(cell) || !kindOf(cell.document.languageId)) return []
    const own = { id: idOf(cell), attributes: cellMetadata(cell.metadata).attributes ?? {} }
    return [{ ...(coming.get(index) ?? own), cell }]
  })
}

/** The study as the editor has it now, for the kernel. */
export function snapshot(notebook: OpenNotebook): Study {
  const meta = metaOf(notebook.metadata)
  return {
    path: notebook.uri.fsPath,
    seed: meta.seed,
    meta: { ...meta.other, ...(meta.title !== undefined && { title: meta.title }) },
    cells: namedCells(notebook.getCells()).map(toStudyCell),
  }
}

function toStudyCell({ id, attributes, cell: { document } }: NamedCell): StudyCell {
  return { id, kind: kindOf(document.languageId)!, attributes, text: document.getText() }
}
