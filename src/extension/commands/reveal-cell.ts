import type { App } from '../app.ts'

/** Brings the cell of a result into view and selects it. */
export async function revealCell(app: App, id: string): Promise<void> {
  const study = app.active()
  const cell = study?.cell(id)
  if (!study || !cell) return
  const { NotebookRange, NotebookEditorRevealType } = app.vscode
  const range = new NotebookRange(cell.index, cell.index + 1)
  const editor = await app.vscode.window.showNotebookDocument(study.notebook, { selections: [range] })
  editor.revealRange(range, NotebookEditorRevealType.InCenterIfOutsideViewport)
}
