import { idOf, NOTEBOOK_TYPE } from '../document/notebook-data.ts'
import { StudySerializer } from '../document/serializer.ts'
import { infoOf } from '../failure.ts'
import { StudyObjects } from '../outputs/objects.ts'
import { type RendererOwner, serveRenderers } from '../outputs/renderer-host.ts'
import { restoreOutputs } from '../outputs/restore.ts'
import { loadSaved } from '../outputs/saved-outputs.ts'
import { failureText, messageOf } from '../run/output-items.ts'
import { createController } from '../session/controller.ts'
import { offerController } from '../session/offer-controller.ts'
import type { vscode } from '../vscode.ts'
import { exportHtml } from './export-html.ts'

/** Shows studies with their saved outputs, and exports them. Nothing runs: there is no process to run it. */
export function startBrowser(api: typeof vscode, context: vscode.ExtensionContext): void {
  const { window, workspace, notebooks, commands, l10n } = api
  const own = (part: vscode.Disposable) => void context.subscriptions.push(part)
  const output = window.createOutputChannel('Mirage', { log: true })
  own(output)
  own(
    workspace.registerNotebookSerializer(NOTEBOOK_TYPE, new StudySerializer(api), { transientOutputs: true }),
  )
  const objects = new StudyObjects({ fs: workspace.fs, Uri: api.Uri })
  const ownerOf = (notebook: vscode.NotebookDocument): RendererOwner => ({
    notebook,
    kernel: { client: undefined },
    cell: id => notebook.getCells().find(cell => idOf(cell) === id),
  })
  const controller = createController({
    api: notebooks,
    study: () => undefined,
    prepare: async () => {
      await window.showInformationMessage(
        l10n.t(
          'Cells run where there is a machine: open the study in VS Code on a desktop, or by Remote. Here it is shown with its saved outputs.',
        ),
      )
      return false
    },
  })
  own(controller)
  own(serveRenderers({ vscode: api, objects, study: ownerOf }))

  const restored = new WeakSet<vscode.NotebookDocument>()
  const putBack = async (notebook: vscode.NotebookDocument) => {
    if (restored.has(notebook)) return
    restored.add(notebook)
    try {
      await restoreOutputs(notebook, await loadSaved(workspace.fs, notebook.uri), new Set(), {
        api,
        createExecution: cell => controller.createNotebookCellExecution(cell),
        read: async hash => (await objects.read(ownerOf(notebook), hash)).bytes,
        log: line => output.info(line),
      })
    } catch (error) {
      output.error(`The saved outputs of ${notebook.uri.path} can't be shown: ${messageOf(error)}`)
    }
  }
  const offer = offerController({ vscode: api, extensionId: context.extension.id, controller })
  const shown = () => window.activeNotebookEditor?.notebook.notebookType === NOTEBOOK_TYPE
  const tell = () => void commands.executeCommand('setContext', 'mirage.studyShown', shown())
  own(
    controller.onDidChangeSelectedNotebooks(({ notebook, selected }) => {
      if (selected) void putBack(notebook)
    }),
  )
  own(window.onDidChangeVisibleNotebookEditors(editors => editors.forEach(offer)))
  own(window.onDidChangeActiveNotebookEditor(tell))
  own(
    commands.registerCommand('mirage.export', async () => {
      try {
        await exportHtml(api, context.extensionUri, objects)
      } catch (error) {
        await window.showErrorMessage(failureText(infoOf(error)))
      }
    }),
  )
  window.visibleNotebookEditors.forEach(offer)
  tell()
}
