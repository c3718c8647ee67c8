import type { App } from '../app.ts'
import { definitionsOf } from '../language/names.ts'
import { nameProblem, renameEdit } from '../providers/names.ts'
import { placeOf } from '../providers/steps.ts'
import type { vscode } from '../vscode.ts'

/** Asks for another name of a prompt cell, by which step cells use it, and gives it to both. */
export async function renamePrompt(app: App, cell?: vscode.NotebookCell): Promise<void> {
  const place = cell && (await placeOf(app, cell.document))
  if (!place) return
  const definition = definitionsOf(place.analyse, place.cells).find(each => each.cell === place.id) ?? {
    name: '',
    cell: place.id,
  }
  const name = await app.vscode.window.showInputBox({
    title: app.vscode.l10n.t('Name of the Prompt'),
    value: definition.name,
    validateInput: text => (text === definition.name ? undefined : nameProblem(place, text)),
  })
  if (!name || name === definition.name) return
  await app.vscode.workspace.applyEdit(renameEdit(app.vscode, place, definition, name))
}
