import type { App } from '../app.ts'
import { cellMetadata } from '../document/notebook-data.ts'
import type { vscode } from '../vscode.ts'

/** Asks for the name by which other cells use a prompt cell. */
export async function renamePrompt(app: App, cell?: vscode.NotebookCell): Promise<void> {
  if (!cell) return
  const kept = cellMetadata(cell.metadata)
  const { l10n } = app.vscode
  const name = await app.vscode.window.showInputBox({
    title: l10n.t('Name of the Prompt'),
    value: kept.attributes?.prompt ?? '',
    validateInput: text =>
      /^[A-Za-z][\w-]*$/.test(text)
        ? undefined
        : l10n.t('A letter, then letters, digits, underscores and hyphens.'),
  })
  if (!name) return
  const mirage = { ...kept, attributes: { ...kept.attributes, prompt: name } }
  const edit = new app.vscode.WorkspaceEdit()
  edit.set(cell.notebook.uri, [
    app.vscode.NotebookEdit.updateCellMetadata(cell.index, { ...cell.metadata, mirage }),
  ])
  await app.vscode.workspace.applyEdit(edit)
}
