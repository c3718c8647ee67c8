import { base64 } from '../../notebook/base64.ts'
import type { App } from '../app.ts'
import { NOTEBOOK_TYPE } from '../document/notebook-data.ts'
import type { StudyObjects } from '../outputs/objects.ts'
import type { vscode } from '../vscode.ts'
import { CellStatus } from './cell-status.ts'
import { kernelStatus } from './kernel-status.ts'
import { ResultsView } from './results-view.ts'

export interface ViewPorts {
  app: App
  objects: StudyObjects
  /** Cells' badges or the kernel's state changed. */
  changed: vscode.Event<void>
  resultsChanged: vscode.Event<void>
}

/** Everything beside the notebook: cell badges, the kernel's status, the results. */
export function createViews({ app, objects, changed, resultsChanged }: ViewPorts): vscode.Disposable {
  const { vscode: api, studies } = app
  const { window, notebooks, commands } = api

  const status = window.createStatusBarItem('mirage.kernel', api.StatusBarAlignment.Left, 50)
  status.name = api.l10n.t('Mirage Kernel')
  status.command = 'mirage.kernelMenu'
  const showStatus = () => {
    const study = app.active()
    if (!study) return status.hide()
    const { text, tooltip, bad } = kernelStatus(study.kernel.state, api.l10n, {
      busy: study.runner.busy,
      vitals: study.vitals,
    })
    status.text = text
    status.tooltip = tooltip
    status.backgroundColor = bad ? new api.ThemeColor('statusBarItem.errorBackground') : undefined
    status.show()
  }

  const results = new ResultsView({
    api,
    // Another editor shows another study's results.
    changed: (listener, self, disposables) =>
      api.Disposable.from(
        resultsChanged(listener, self, disposables),
        window.onDidChangeActiveNotebookEditor(() => listener.call(self), undefined, disposables),
      ),
    results: () => app.active()?.results ?? [],
    picture: async hash => {
      const study = app.active()
      if (!study) return ''
      const { bytes, mime } = await objects.read(study, hash)
      return `data:${mime};base64,${base64(bytes)}`
    },
  })

  const onActive = () => {
    void commands.executeCommand('setContext', 'mirage.studyActive', app.active() !== undefined)
    showStatus()
  }
  onActive()
  return api.Disposable.from(
    status,
    changed(showStatus),
    window.onDidChangeActiveNotebookEditor(onActive),
    window.registerTreeDataProvider('mirage.results', results),
    notebooks.registerNotebookCellStatusBarItemProvider(
      NOTEBOOK_TYPE,
      new CellStatus(api, changed, notebook => studies.of(notebook)),
    ),
  )
}
