import { LANGUAGES, NOTEBOOK_TYPE } from '../document/notebook-data.ts'
import type { vscode } from '../vscode.ts'
import type { OpenStudy } from './open-study.ts'

export const CONTROLLER_ID = 'mirage.kernel'

export interface ControllerPorts {
  api: Pick<typeof vscode.notebooks, 'createNotebookController'>
  study(notebook: vscode.NotebookDocument): OpenStudy | undefined
  /** Makes the cells runnable (saved, trusted, with ids); false when the person has to act first. */
  prepare(notebook: vscode.NotebookDocument): Promise<boolean>
}

/** VS Code's controller of studies: run and interrupt are handed to the notebook's own runner. */
export function createController({ api, study, prepare }: ControllerPorts): vscode.NotebookController {
  const controller = api.createNotebookController(CONTROLLER_ID, NOTEBOOK_TYPE, 'Mirage')
  controller.description = 'Runs on the Node that Mirage carries'
  controller.supportedLanguages = Object.values(LANGUAGES)
  controller.supportsExecutionOrder = true
  controller.executeHandler = async (cells, notebook) => {
    if (await prepare(notebook)) await study(notebook)?.run(cells)
  }
  controller.interruptHandler = notebook => study(notebook)?.runner.interrupt()
  return controller
}
