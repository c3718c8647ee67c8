import { NOTEBOOK_TYPE } from '../document/notebook-data.ts'
import type { vscode } from '../vscode.ts'
import { CONTROLLER_ID } from './controller.ts'

export interface OfferPorts {
  vscode: Pick<typeof vscode, 'commands' | 'NotebookControllerAffinity'>
  extensionId: string
  controller: vscode.NotebookController
}

/** Selects the controller for each study once: an editor whose kernel is merely suggested can show no outputs. */
export function offerController({ vscode: api, extensionId, controller }: OfferPorts) {
  const offered = new WeakSet<vscode.NotebookDocument>()
  return (editor: vscode.NotebookEditor | undefined): void => {
    if (!editor || editor.notebook.notebookType !== NOTEBOOK_TYPE || offered.has(editor.notebook)) return
    offered.add(editor.notebook)
    controller.updateNotebookAffinity(editor.notebook, api.NotebookControllerAffinity.Preferred)
    void api.commands.executeCommand('notebook.selectKernel', {
      notebookEditor: editor,
      id: CONTROLLER_ID,
      extension: extensionId,
    })
  }
}
