import type { App } from '../app.ts'
import { idOf } from '../document/notebook-data.ts'
import type { OpenStudy } from '../session/open-study.ts'
import type { vscode } from '../vscode.ts'
import { doctor } from './doctor.ts'

/** What VS Code gives to a command in the notebook's toolbar; nothing comes from the palette. */
export type ToolbarContext = { notebookEditor?: { notebookUri?: vscode.Uri } } | undefined

export function studyOf(app: App, context: ToolbarContext): OpenStudy | undefined {
  const uri = context?.notebookEditor?.notebookUri?.toString()
  return app.studies.all().find(study => study.notebook.uri.toString() === uri) ?? app.active()
}

export async function interrupt(app: App, context?: ToolbarContext): Promise<void> {
  await studyOf(app, context)?.runner.interrupt()
}

export async function restart(app: App, context?: ToolbarContext): Promise<void> {
  await studyOf(app, context)?.restart()
}

export async function restartAndRunAll(app: App, context?: ToolbarContext): Promise<void> {
  const study = studyOf(app, context)
  if (!study || !(await app.prepare(study))) return
  await study.restart()
  await study.run(study.notebook.getCells())
}

/** Runs what changed since it ran, and what depends on it. */
export async function runStale(app: App, context?: ToolbarContext): Promise<void> {
  const study = studyOf(app, context)
  if (!study || !(await app.prepare(study))) return
  const stale = await study.staleCells()
  app.log.info(`Stale cells: ${stale.map(idOf).join(', ') || 'none'}.`)
  await study.run(stale)
}

/** What the status bar item offers. */
export async function kernelMenu(app: App): Promise<void> {
  const study = app.active()
  if (!study) return
  const { window, l10n } = app.vscode
  const choices = [
    { label: `$(debug-restart) ${l10n.t('Restart Kernel')}`, act: () => restart(app) },
    { label: `$(run-all) ${l10n.t('Restart and Run All')}`, act: () => restartAndRunAll(app) },
    { label: `$(warning) ${l10n.t('Run Stale Cells')}`, act: () => runStale(app) },
    { label: `$(pulse) ${l10n.t('Doctor')}`, act: () => doctor(app) },
    { label: `$(output) ${l10n.t('Show Log')}`, act: () => app.log.show() },
  ]
  const chosen = await window.showQuickPick(choices, { title: l10n.t('Mirage Kernel') })
  await chosen?.act()
}
