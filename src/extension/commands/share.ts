import { verifiedLines } from '../../kernel/protocol/verified-lines.ts'
import { studyName } from '../../notebook/paths.ts'
import type { App } from '../app.ts'
import { snapshot } from '../document/snapshot.ts'
import type { vscode } from '../vscode.ts'
import { studyOf, type ToolbarContext } from './kernel.ts'

const formats = (l10n: Pick<typeof vscode.l10n, 't'>) => [
  {
    label: 'HTML',
    detail: l10n.t('One file, with everything to look at in it, for any browser'),
    ending: 'html',
  },
  {
    label: 'Jupyter Notebook',
    detail: l10n.t('For reading; its cells do not run in Jupyter'),
    ending: 'ipynb',
  },
  {
    label: l10n.t('Replay Bundle'),
    detail: l10n.t("The judges' answers: with it a reader gets the same numbers without a key"),
    ending: 'replay.jsonl',
  },
]

/** Writes the study with its saved outputs as one file; nothing is run. */
export async function exportStudy(app: App, context?: ToolbarContext): Promise<void> {
  const study = studyOf(app, context)
  if (!study || !(await app.prepare(study))) return
  const { window, Uri, commands, l10n } = app.vscode
  const title = l10n.t('Export Study')
  const format = await window.showQuickPick(formats(l10n), { title })
  if (!format) return
  const { ending } = format
  const defaultUri = Uri.joinPath(study.notebook.uri, '..', `${studyName(study.path)}.${ending}`)
  const target = await window.showSaveDialog({ title, defaultUri })
  if (!target) return
  await study.notebook.save()
  const kernel = await study.kernel.ensure()
  const [path, to] = [study.path, target.fsPath]
  const said =
    ending === 'replay.jsonl'
      ? await kernel
          .request('replay', { path, action: 'pack', bundle: to })
          .then(({ answers }) => l10n.t('{0} answers are in it.', answers))
      : await kernel
          .request('export', { path, format: ending as 'html' | 'ipynb', to })
          .then(({ missing }) =>
            missing.length > 0
              ? l10n.t('Without outputs, since they were never run: {0}.', missing.join(', '))
              : '',
          )
  const reveal = l10n.t('Show File')
  const chosen = await window.showInformationMessage(`${l10n.t('Wrote {0}.', to)} ${said}`.trim(), reveal)
  if (chosen) await commands.executeCommand('revealInExplorer', target)
}

/** Computes the study again without its cache, and says what differs from its lock, and why. */
export async function verify(app: App, context?: ToolbarContext): Promise<void> {
  const study = studyOf(app, context)
  if (!study || !(await app.prepare(study))) return
  const { window, ProgressLocation, l10n } = app.vscode
  const current = snapshot(study.notebook)
  const { cells } = await window.withProgress(
    {
      location: ProgressLocation.Notification,
      title: l10n.t('Mirage: computing the study again'),
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
    await window.showInformationMessage(l10n.t('All {0} cells give what the lock file says.', cells.length))
    return
  }
  const items = other.map(cell => ({
    label: `$(warning) ${cell.cell}`,
    description: cell.verdict,
    detail: verifiedLines(cell)[0],
    cell: cell.cell,
  }))
  const chosen = await window.showQuickPick(items, {
    title: l10n.t('{0} of {1} cells do not give what the lock file says', other.length, cells.length),
    placeHolder: l10n.t('Everything that differs is in the log. Choose a cell to go to it.'),
  })
  if (chosen) {
    app.log.show(true)
    await app.vscode.commands.executeCommand('mirage.revealCell', chosen.cell)
  }
}
