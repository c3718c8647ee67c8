import type { vscode } from '../vscode.ts'
import { missingIds } from './new-cell-ids.ts'
import { cellMetadata } from './notebook-data.ts'

type EditApi = Pick<typeof vscode, 'NotebookEdit' | 'WorkspaceEdit'>

/** The cells of a notebook have ids of their own now: none of them is new any more. */
export function settle(
  notebook: Pick<vscode.NotebookDocument, 'getCells'>,
  added: Pick<Set<unknown>, 'delete'>,
): void {
  for (const cell of notebook.getCells()) added.delete(cell)
}

/** An edit that gives every cell an id of its own; undefined when all have one. */
export function idEdit(
  api: EditApi,
  notebook: Pick<vscode.NotebookDocument, 'uri' | 'getCells'>,
  added: ReadonlySet<unknown>,
): vscode.WorkspaceEdit | undefined {
  const cells = notebook.getCells()
  const changes = missingIds(cells, added).map(({ index, id, attributes }) => {
    const { metadata } = cells[index]
    const mirage = { ...cellMetadata(metadata), id, attributes }
    return api.NotebookEdit.updateCellMetadata(index, { ...metadata, mirage })
  })
  if (changes.length === 0) return undefined
  const edit = new api.WorkspaceEdit()
  edit.set(notebook.uri, changes)
  return edit
}
