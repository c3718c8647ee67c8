import { namedCells, snapshot } from '../document/snapshot.ts'
import { diagnoseStudy } from '../language/diagnose.ts'
import type { OpenStudy } from '../session/open-study.ts'
import type { vscode } from '../vscode.ts'
import { type LanguagePorts, rangeOf } from './steps.ts'

/** Milliseconds of quiet after an edit before cells are checked. */
const QUIET = 250

/** Keeps the problems of every open study's cells up to date. */
export function followProblems(ports: LanguagePorts, onOpen: vscode.Event<OpenStudy>): vscode.Disposable {
  const { vscode: api, studies } = ports
  const { workspace } = api
  const collection = api.languages.createDiagnosticCollection('mirage')
  const timers = new Map<OpenStudy, ReturnType<typeof setTimeout>>()
  const later = (study: OpenStudy | undefined) => {
    if (!study) return
    clearTimeout(timers.get(study))
    timers.set(
      study,
      setTimeout(() => void check(ports, study, collection), QUIET),
    )
  }
  for (const study of studies.all()) later(study)
  return api.Disposable.from(
    collection,
    onOpen(later),
    workspace.onDidChangeNotebookDocument(({ notebook, contentChanges, cellChanges }) => {
      for (const { removedCells } of contentChanges) {
        for (const cell of removedCells) collection.delete(cell.document.uri)
      }
      if (contentChanges.length > 0 || cellChanges.some(({ document, metadata }) => document || metadata)) {
        later(studies.of(notebook))
      }
    }),
    workspace.onDidCloseNotebookDocument(notebook => {
      for (const cell of notebook.getCells()) collection.delete(cell.document.uri)
    }),
    {
      dispose() {
        for (const timer of timers.values()) clearTimeout(timer)
      },
    },
  )
}

async function check(
  { vscode: api, source }: LanguagePorts,
  study: OpenStudy,
  collection: vscode.DiagnosticCollection,
): Promise<void> {
  const { language, analyse } = await source.get()
  if (study.notebook.isClosed || language.steps.length === 0) return
  const problems = diagnoseStudy(analyse, snapshot(study.notebook).cells)
  for (const { id, cell } of namedCells(study.notebook.getCells())) {
    const { document } = cell
    const shown = (problems.get(id) ?? []).map(({ code, message, span, severity }) => {
      const level = severity === 'error' ? api.DiagnosticSeverity.Error : api.DiagnosticSeverity.Warning
      const diagnostic = new api.Diagnostic(rangeOf(api, document, span), message, level)
      diagnostic.code = code
      diagnostic.source = 'Mirage'
      return diagnostic
    })
    collection.set(document.uri, shown)
  }
}
