import type { App } from './app.ts'
import { COMMANDS } from './commands/index.ts'
import { registerDebugger } from './debug/index.ts'
import { NOTEBOOK_TYPE } from './document/notebook-data.ts'
import { StudySerializer } from './document/serializer.ts'
import { infoOf } from './failure.ts'
import { StudyObjects } from './outputs/objects.ts'
import { serveRenderers } from './outputs/renderer-host.ts'
import { registerLanguage } from './providers/index.ts'
import { LanguageSource } from './providers/source.ts'
import { failureText } from './run/output-items.ts'
import { createController } from './session/controller.ts'
import { JudgeKeys } from './session/keys.ts'
import { type LauncherPorts, launcherFor, withOwnKernel } from './session/launcher.ts'
import { followNotebooks } from './session/lifecycle.ts'
import { OpenStudy } from './session/open-study.ts'
import { prepare } from './session/prepare.ts'
import { Studies } from './session/studies.ts'
import { createViews } from './views/index.ts'
import type { vscode } from './vscode.ts'

/** Puts the extension together. Whatever it registers goes with `context.subscriptions`. */
export function start(api: typeof vscode, context: vscode.ExtensionContext): void {
  const { window, workspace, notebooks, commands } = api
  const own = <T extends vscode.Disposable>(part: T): T => {
    context.subscriptions.push(part)
    return part
  }

  own(
    workspace.registerNotebookSerializer(NOTEBOOK_TYPE, new StudySerializer(api), { transientOutputs: true }),
  )

  const output = own(window.createOutputChannel('Mirage', { log: true }))
  const log = (line: string) => output.info(line)
  const changed = own(new api.EventEmitter<void>())
  const resultsChanged = own(new api.EventEmitter<void>())
  const opened = own(new api.EventEmitter<OpenStudy>())
  const added = new Set<unknown>()
  const keys = new JudgeKeys(context.secrets, context.globalState)
  const launcher: LauncherPorts = {
    workspace,
    folder: context.extensionPath,
    version: context.extension.packageJSON.version,
    storage: (context.storageUri ?? context.globalStorageUri).fsPath,
    ownFolder: context.globalStorageUri.fsPath,
    keys,
  }
  const objects = new StudyObjects({ fs: workspace.fs, Uri: api.Uri })

  const controller = own(
    createController({
      api: notebooks,
      study: notebook => studies.of(notebook),
      prepare: notebook => prepare(notebook, { vscode: api, added }),
    }),
  )
  const studies = new Studies(
    notebook =>
      new OpenStudy(notebook, {
        api,
        kernels: launcherFor(launcher, notebook.uri),
        objects,
        createExecution: cell => controller.createNotebookCellExecution(cell),
        confirm: async (message, action) =>
          (await window.showWarningMessage(message, { modal: true }, action)) === action,
        networkAllowed: () =>
          workspace.getConfiguration('mirage', notebook.uri).get<boolean>('network.allowed', true),
        onChange: () => changed.fire(),
        onResults: () => resultsChanged.fire(),
        log,
      }),
    study => opened.fire(study),
  )
  own({ dispose: () => studies.leaveAll() })

  const described = api.Uri.joinPath(context.extensionUri, 'dist', 'language.json')
  const source = new LanguageSource(workspace.fs, described, log)
  const app: App = {
    vscode: api,
    context,
    log: output,
    studies,
    keys,
    source,
    active: () => studies.of(window.activeNotebookEditor?.notebook),
    withKernel: async act => {
      const study = app.active()
      return study ? act(await study.kernel.ensure()) : withOwnKernel(launcher, log, act)
    },
    prepare: study => prepare(study.notebook, { vscode: api, added }),
  }
  for (const [id, run] of Object.entries(COMMANDS)) {
    own(
      commands.registerCommand(id, async (...args: never[]) => {
        try {
          await run(app, ...args)
        } catch (error) {
          output.error(String(error))
          await window.showErrorMessage(failureText(infoOf(error)))
        }
      }),
    )
  }
  own(registerDebugger(app))
  own(serveRenderers({ vscode: api, objects, study: notebook => studies.of(notebook) }))
  own(registerLanguage({ vscode: api, studies, source, log }, opened.event, resultsChanged.event))
  own(createViews({ app, objects, changed: changed.event, resultsChanged: resultsChanged.event }))
  own(
    followNotebooks({
      vscode: api,
      extensionId: context.extension.id,
      controller,
      studies,
      objects,
      added,
      log,
    }),
  )
}
