import type { App } from '../app.ts'
import type { vscode } from '../vscode.ts'
import { studyOf } from './kernel.ts'

/** What VS Code gives: a cell from its own toolbar, nothing from the palette. */
type CellContext = vscode.NotebookCell | undefined

/** Runs a cell, with what it needs, or the whole study on the cluster that this machine submits to. */
export async function runOnSlurm(app: App, cell?: CellContext): Promise<void> {
  const context = cell && { notebookEditor: { notebookUri: cell.notebook.uri } }
  const study = studyOf(app, context)
  if (!study || !(await app.prepare(study))) return
  await study.run(cell ? [cell] : study.notebook.getCells(), { on: 'slurm' })
}
