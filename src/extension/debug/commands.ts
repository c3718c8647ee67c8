import type { App } from '../app.ts'
import type { vscode } from '../vscode.ts'
import { DEBUG_TYPE, launchOf } from './launch.ts'

/** Steps through a score cell, or through the first one that uses a prompt cell; without an argument the selected one. */
export async function debugCell(app: App, chosen?: vscode.NotebookCell): Promise<void> {
  const editor = app.vscode.window.activeNotebookEditor
  const cell = chosen ?? editor?.notebook.cellAt(editor.selection.start)
  const study = app.studies.of(cell?.notebook)
  if (!cell || !study || !(await app.prepare(study))) return
  const folder = app.vscode.workspace.getWorkspaceFolder(study.notebook.uri)
  await app.vscode.debug.startDebugging(folder, launchOf(study, cell), { suppressSaveBeforeStart: true })
}

export async function nextImage(app: App): Promise<void> {
  const session = app.vscode.debug.activeDebugSession
  if (session?.type === DEBUG_TYPE) await session.customRequest('nextImage')
}
