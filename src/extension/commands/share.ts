import { verifiedLines } from '../../kernel/protocol/verified-lines.ts'
import { studyName } from '../../notebook/paths.ts'
import type { App } from '../app.ts'
import { snapshot } from '../document/snapshot.ts'
import type { vscode } from '../vscode.ts'
import { studyOf, type ToolbarContext } from './kernel.ts'

const FORMATS = [
  { label: 'HTML', detail: 'One file, with everything to look at in it, for any browser', ending: 'html' },
  { label: 'Jupyter Notebook', detail: 'For reading; its cells do not run in Jupyter', ending: 'ipynb' },
  {
    label: 'Replay Bundle',
    detail: "The judges' answers: with it a reader gets the same numbers without a key",
    ending: 'replay.jsonl',
  },
] as const

/** Writes the study with its saved outputs as one file; nothing is run. */
export async function exportStudy(app: App, context?: ToolbarContext): Promise<void> {
  const study = studyOf(app, context)
  if (!study || !(await app.prepare(study))) return
  const { window, Uri, commands } = app.vscode
  const format = await window.showQuickPick(FORMATS, { title: 'Export Study' })
  if (!format) return
  const { ending } = format
  const defaultUri = Uri.joinPath(study.notebook.uri, '..', `${studyName(study.path)}.${ending}`)
  const target = await window.showSaveDialog({ title: 'Export Study', defaultUri })
  if (!target) return
  await study.notebook.save()
  const kernel = await study.kernel.ensure()
  const [path, to] = [study.path, target.fsPath]
  const said =
    ending === 'replay.jsonl'
      ? await kernel.request('replay', { path, action: 'pack', bundle: to }).then(answersText)
      : await kernel.request('export', { path, format: ending, to }).then(missingText)
  const reveal = 'Show File'
  const chosen = await window.showInformationMessage(`Wrote ${to}. ${said}`.trim(), reveal)
  if (chosen) await commands.executeCommand('revealInExplorer', target)
}

const answersText = ({ answers }: { answers: number }) => `${answers} answers are in it.`
const missingText = ({ missing }: { missing: string[] }) =>
  missing.length > 0 ? `Without outputs, since they were never run: ${missing.join(', ')}.` : ''

/** Computes the study again without its cache, and says what differs from its lock, and why. */
export async function verify(app: App, context?: ToolbarContext): Promise<void> {
  const study = studyOf(app, context)
  if (!study || !(await app.prepare(study))) return
  const { window, ProgressLocation } = app.vscode
  const current = snapshot(study.notebook)
  const { cells } = await window.withProgress(
    {
      location: ProgressLocation.Notification,
      title: 'Mirage: computing the study again',
      cancellable: true,
    },
    async (_progress: unknown, token: vscode.CancellationToken) => {
      const kernel = await study.kernel.ensure()
      token.onCancellationRequested(() => void kernel.request('interrupt', { path: study.path }))
      return kernel.request('verify', {
        study: current,
        cells: current.cells.map(({ id }) => id),
        options: { keepGoing: true, offline: study.offline },
      })
    },
  )
  for (const cell of cells) {
    app.log.info(`${cell.verdict} ${cell.cell}`)
    for (const line of verifiedLines(cell)) app.log.info(`  ${line}`)
  }
  const other = cells.filter(({ verdict }) => verdict !== 'equal')
  if (other.length === 0) {
    await window.showInformationMessage(`All ${cells.length} cells give what the lock file says.`)
    return
  }
  const items = other.map(cell => ({
    label: `$(warning) ${cell.cell}`,
    description: cell.verdict,
    detail: verifiedLines(cell)[0],
    cell: cell.cell,
  }))
  const chosen = await window.showQuickPick(items, {
    title: `${other.length} of ${cells.length} cells do not give what the lock file says`,
    placeHolder: 'Everything that differs is in the log. Choose a cell to go to it.',
  })
  if (chosen) {
    app.log.show(true)
    await app.vscode.commands.executeCommand('mirage.revealCell', chosen.cell)
  }
}
