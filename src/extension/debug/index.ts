import type { Outcome } from '../../kernel/protocol/messages.ts'
import type { App } from '../app.ts'
import { idOf } from '../document/notebook-data.ts'
import { snapshot } from '../document/snapshot.ts'
import { Failure, infoOf } from '../failure.ts'
import type { CellRun } from '../run/cell-run.ts'
import { failureText } from '../run/output-items.ts'
import type { OpenStudy } from '../session/open-study.ts'
import type { vscode } from '../vscode.ts'
import { DEBUG_TYPE, launchOf, steppedBy } from './launch.ts'
import type { DebugCell, StageDebugSession } from './stage-debug-session.ts'

/** Lets VS Code's debugger step through score and prompt cells. */
export function registerDebugger(app: App): vscode.Disposable {
  const { debug, Disposable, DebugAdapterInlineImplementation } = app.vscode
  return Disposable.from(
    debug.registerDebugConfigurationProvider(DEBUG_TYPE, {
      resolveDebugConfiguration: (_folder, written) => resolve(app, written),
    }),
    debug.registerDebugAdapterDescriptorFactory(DEBUG_TYPE, {
      createDebugAdapterDescriptor: async ({ configuration }) => {
        const study = app.studies
          .all()
          .find(({ notebook }) => notebook.uri.toString() === configuration.study)
        if (!study) throw notOpen(configuration.study)
        return new DebugAdapterInlineImplementation(await sessionOf(study, String(configuration.cell)))
      },
    }),
  )
}

/** Without a configuration (F5 in a study) the selected cell is meant. */
async function resolve(
  app: App,
  written: vscode.DebugConfiguration,
): Promise<vscode.DebugConfiguration | undefined> {
  if (written.type) return written
  const editor = app.vscode.window.activeNotebookEditor
  const study = app.studies.of(editor?.notebook)
  if (!editor || !study || !(await app.prepare(study))) return undefined
  try {
    return launchOf(study, editor.notebook.cellAt(editor.selection.start))
  } catch (error) {
    await app.vscode.window.showErrorMessage(failureText(infoOf(error)))
    return undefined
  }
}

async function sessionOf(study: OpenStudy, id: string): Promise<StageDebugSession> {
  const { StageDebugSession } = await import('./stage-debug-session.ts')
  const { score, prompt } = steppedBy(id, snapshot(study.notebook).cells)
  const { runner } = study
  const ids = [...(prompt ? [prompt.id] : []), score.id]
  return new StageDebugSession({
    score: debugCellOf(study, score),
    prompt: prompt && debugCellOf(study, prompt),
    run: async onStage => {
      if (runner.busy) throw busy()
      await runner.run(ids, { stepping: true }, onStage)
      return ids.map(cell => endingOf(cell, runner.stateOf(cell))).join('\n')
    },
    order: order => runner.proceed(order),
    stop: () => runner.interrupt(),
  })
}

function debugCellOf({ notebook }: OpenStudy, cell: DebugCell['cell']): DebugCell {
  const shown = notebook.getCells().find(candidate => idOf(candidate) === cell.id)
  return { cell, uri: shown?.document.uri.toString() ?? '', title: cell.id }
}

const ENDINGS: { [K in Outcome['kind']]: (outcome: Extract<Outcome, { kind: K }>) => string } = {
  succeeded: () => 'ended',
  failed: ({ error }) => `failed. ${failureText(error)}`,
  cancelled: () => 'was stopped',
}

function endingOf(cell: string, state: CellRun): string {
  const words = state.phase === 'done' ? ENDINGS[state.outcome.kind](state.outcome as never) : 'did not run'
  return `The cell "${cell}" ${words}`
}

function busy(): Failure {
  return new Failure({
    code: 'study-busy',
    message: 'Another cell of this study is running.',
    remedy: 'Wait for it, or interrupt it, and start again.',
  })
}

function notOpen(study: unknown): Failure {
  return new Failure({
    code: 'study-not-open',
    message: `The study ${String(study)} is not open.`,
    remedy: 'Open it and choose "Step Through Cell" from the menu of a score cell\'s run button.',
  })
}
