import { idEdit, settle } from '../document/id-edit.ts'
import { NOTEBOOK_TYPE } from '../document/notebook-data.ts'
import type { StudyObjects } from '../outputs/objects.ts'
import { restoreOutputs } from '../outputs/restore.ts'
import { loadSaved } from '../outputs/saved-outputs.ts'
import { messageOf } from '../run/output-items.ts'
import type { vscode } from '../vscode.ts'
import { offerController } from './offer-controller.ts'
import type { Studies } from './studies.ts'

export interface LifecyclePorts {
  vscode: typeof vscode
  extensionId: string
  controller: vscode.NotebookController
  studies: Studies
  objects: StudyObjects
  /** Filled with the cells that come into a notebook while it is open. */
  added: Set<unknown>
  log(line: string): void
}

/** Milliseconds within which a tab that closes here and opens there was only moved. */
const MOVING = 1000

/** The kernels of studies that no tab shows any more may end. */
function tellWhoIsSeen({ vscode: api, studies }: LifecyclePorts): void {
  const seen = new Set<string>()
  for (const { input } of api.window.tabGroups.all.flatMap(({ tabs }) => tabs)) {
    if (input instanceof api.TabInputNotebook) seen.add(input.uri.toString())
  }
  for (const study of studies.all()) study.setSeen(seen.has(study.notebook.uri.toString()))
}

/**
 * Follows notebooks from opening to closing: selects the kernel, puts saved outputs back, gives ids to new cells when
 * the study is saved, and ends the kernel when the study is closed.
 */
export function followNotebooks(ports: LifecyclePorts): vscode.Disposable {
  const { vscode: api, controller, studies, added } = ports
  const { workspace, window } = api
  const restored = new WeakSet<vscode.NotebookDocument>()
  const offer = offerController(ports)

  const putBack = async (notebook: vscode.NotebookDocument) => {
    const study = studies.of(notebook)
    if (!study || restored.has(notebook)) return
    restored.add(notebook)
    try {
      const live = await study.reattach()
      const began = performance.now()
      const saved = await loadSaved(workspace.fs, notebook.uri)
      const put = await restoreOutputs(notebook, saved, live, {
        api,
        createExecution: cell => controller.createNotebookCellExecution(cell),
        read: async hash => (await ports.objects.read(study, hash)).bytes,
        log: ports.log,
      })
      study.showSaved(put)
      if (put.size > 0) {
        const took = Math.round(performance.now() - began)
        ports.log(`Saved outputs of ${put.size} cells put back in ${took} ms.`)
      }
    } catch (error) {
      ports.log(`The saved outputs of ${notebook.uri.fsPath} can't be shown: ${messageOf(error)}`)
    }
  }

  for (const editor of window.visibleNotebookEditors) offer(editor)
  return api.Disposable.from(
    window.onDidChangeVisibleNotebookEditors(editors => editors.forEach(offer)),
    controller.onDidChangeSelectedNotebooks(({ notebook, selected }) => {
      if (selected) void putBack(notebook)
    }),
    workspace.onDidChangeNotebookDocument(({ notebook, contentChanges, cellChanges }) => {
      const study = studies.of(notebook)
      if (!study) return
      for (const { addedCells, removedCells } of contentChanges) {
        // A cell that only moved is both.
        for (const cell of addedCells) if (!removedCells.includes(cell)) added.add(cell)
      }
      const edited =
        contentChanges.length > 0 || cellChanges.some(({ document, metadata }) => document || metadata)
      if (edited) study.refresh()
    }),
    workspace.onWillSaveNotebookDocument(event => {
      if (event.notebook.notebookType !== NOTEBOOK_TYPE) return
      const edit = idEdit(api, event.notebook, added)
      if (edit) event.waitUntil(Promise.resolve(edit))
    }),
    workspace.onDidSaveNotebookDocument(notebook => settle(notebook, added)),
    workspace.onDidCloseNotebookDocument(notebook => {
      settle(notebook, added)
      void studies.close(notebook)
    }),
    // The document itself may stay in memory long after its last editor was closed.
    window.tabGroups.onDidChangeTabs(({ closed, opened }) => {
      if (closed.length + opened.length > 0) setTimeout(() => tellWhoIsSeen(ports), MOVING)
    }),
  )
}
