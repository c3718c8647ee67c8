import type { StudyCell } from '../../kernel/protocol/messages.ts'
import { namedCells, snapshot } from '../document/snapshot.ts'
import { columnsBefore } from '../language/columns.ts'
import { definitionsOf } from '../language/names.ts'
import { type SeenResult, scriptTypes } from '../language/script-types.ts'
import { readStepText } from '../language/step-text.ts'
import type { OpenStudy } from '../session/open-study.ts'
import type { vscode } from '../vscode.ts'
import type { KnownLanguage } from './source.ts'
import type { LanguagePorts } from './steps.ts'

/** Name of the plugin in package.json, and the extension that runs it. */
const PLUGIN = 'mirage-script-types'
const TYPESCRIPT = 'vscode.typescript-language-features'
/** Milliseconds of quiet after a change before the types are told. */
const QUIET = 400

interface TypeScriptApi {
  getAPI?(version: 0): { configurePlugin(id: string, configuration: object): void } | undefined
}

/** Keeps VS Code's TypeScript informed of what the script cells of the open studies see. */
export function followScripts(
  ports: LanguagePorts,
  onOpen: vscode.Event<OpenStudy>,
  onResults: vscode.Event<void>,
): vscode.Disposable {
  const { vscode: api, studies, source, log } = ports
  let timer: ReturnType<typeof setTimeout> | undefined
  let told = '{}'
  const tell = async () => {
    try {
      const known = await source.get()
      const cells = Object.assign({}, ...studies.all().map(study => typesOf(study, known)))
      const text = JSON.stringify(cells)
      if (text === told) return
      told = text
      const extension = api.extensions.getExtension<TypeScriptApi>(TYPESCRIPT)
      const exports = extension && (await extension.activate())
      exports?.getAPI?.(0)?.configurePlugin(PLUGIN, { cells })
    } catch (error) {
      log(`Script cells are checked without the types of results: ${String(error)}`)
    }
  }
  const later = () => {
    clearTimeout(timer)
    timer = setTimeout(() => void tell(), QUIET)
  }
  return api.Disposable.from(
    onOpen(later),
    onResults(later),
    api.workspace.onDidChangeNotebookDocument(({ notebook }) => {
      if (studies.of(notebook)) later()
    }),
    { dispose: () => clearTimeout(timer) },
  )
}

/** Declarations for each script cell, by the end of the name that the TypeScript server has for it. */
function typesOf(study: OpenStudy, known: KnownLanguage): Record<string, string> {
  if (study.notebook.isClosed) return {}
  const { cells } = snapshot(study.notebook)
  const types: Record<string, string> = {}
  for (const [at, { cell }] of namedCells(study.notebook.getCells()).entries()) {
    if (cells[at].kind !== 'script') continue
    const { path, fragment } = cell.document.uri
    const before = cells.slice(0, at)
    types[`${path}#${fragment}`] = scriptTypes(known.language, seenBy(before, study, known))
  }
  return types
}

function seenBy(before: readonly StudyCell[], study: OpenStudy, { analyse }: KnownLanguage): SeenResult[] {
  const coming = columnsBefore(before, []).map(({ name }) => name)
  return definitionsOf(analyse, before).map(({ name, cell }) => {
    const made = study.results.find(result => result.name === name)
    if (made) return { name, kind: made.kind, columns: made.columns.map(column => column.name) }
    return { name, kind: kindMadeBy(before.find(({ id }) => id === cell)), columns: coming }
  })
}

const KINDS: { readonly [step: string]: string } = { train: 'model', calibrate: 'proxy' }

/** What a cell that has not run is going to make. */
function kindMadeBy(cell: StudyCell | undefined): string {
  if (cell?.kind === 'prompt') return 'prompt'
  if (cell?.kind !== 'step') return 'json'
  return KINDS[readStepText(cell.text).name?.text ?? ''] ?? 'table'
}
