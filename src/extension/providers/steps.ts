import type { StudyCell, StudyLanguage } from '../../kernel/protocol/messages.ts'
import { LANGUAGES, NOTEBOOK_TYPE } from '../document/notebook-data.ts'
import { namedCells, snapshot } from '../document/snapshot.ts'
import type { Analyse } from '../language/analysis.ts'
import { columnsBefore } from '../language/columns.ts'
import { type Completion, complete } from '../language/complete.ts'
import { diagnoseStudy } from '../language/diagnose.ts'
import { format } from '../language/format.ts'
import { hoverAt } from '../language/hover.ts'
import { definitionsOf } from '../language/names.ts'
import { readStepText, type Span } from '../language/step-text.ts'
import type { OpenStudy } from '../session/open-study.ts'
import type { Studies } from '../session/studies.ts'
import type { vscode } from '../vscode.ts'
import { filesFrom } from './files.ts'
import type { LanguageSource } from './source.ts'

export interface LanguagePorts {
  vscode: typeof vscode
  studies: Studies
  source: LanguageSource
  log(line: string): void
}

/** A cell's document with the study around it. */
export interface Place {
  study: OpenStudy
  /** Id of the cell, among `cells`. */
  id: string
  cells: readonly StudyCell[]
  language: StudyLanguage
  analyse: Analyse
}

const STEPS: vscode.DocumentFilter = { notebookType: NOTEBOOK_TYPE, language: LANGUAGES.step }

/** Completion, hover, quick fixes, outline and formatting of step cells. */
export function registerProviders(ports: LanguagePorts): vscode.Disposable {
  const { vscode: api } = ports
  const { languages } = api
  return api.Disposable.from(
    languages.registerCompletionItemProvider(
      STEPS,
      { provideCompletionItems: (document, position) => completions(ports, document, position) },
      ...[' ', '/', '[', '{', ','],
    ),
    languages.registerHoverProvider(STEPS, {
      provideHover: async (document, position) => {
        const place = await placeOf(ports, document)
        if (!place) return undefined
        const { language, analyse, cells, study } = place
        const definitions = definitionsOf(analyse, cells)
        const hover = hoverAt(
          language,
          document.getText(),
          document.offsetAt(position),
          definitions,
          study.results,
        )
        return (
          hover && new api.Hover(new api.MarkdownString(hover.markdown), rangeOf(api, document, hover.span))
        )
      },
    }),
    languages.registerCodeActionsProvider(
      STEPS,
      { provideCodeActions: (document, range) => quickFixes(ports, document, range) },
      { providedCodeActionKinds: [api.CodeActionKind.QuickFix] },
    ),
    languages.registerDocumentSymbolProvider(STEPS, {
      provideDocumentSymbols: async document => {
        const place = await placeOf(ports, document)
        return place ? symbols(api, document, place.analyse) : []
      },
    }),
    languages.registerDocumentFormattingEditProvider(STEPS, {
      provideDocumentFormattingEdits: document => {
        const text = document.getText()
        const formatted = format(text)
        return formatted === text
          ? []
          : [api.TextEdit.replace(rangeOf(api, document, { start: 0, end: text.length }), formatted)]
      },
    }),
  )
}

/** Undefined for a document that is no cell of an open study. */
export async function placeOf(
  { studies, source }: Pick<LanguagePorts, 'studies' | 'source'>,
  document: vscode.TextDocument,
): Promise<Place | undefined> {
  for (const study of studies.all()) {
    if (study.notebook.uri.path !== document.uri.path) continue
    const named = namedCells(study.notebook.getCells()).find(({ cell }) => cell.document === document)
    if (named) return { study, id: named.id, cells: snapshot(study.notebook).cells, ...(await source.get()) }
  }
  return undefined
}

export function rangeOf(
  api: Pick<typeof vscode, 'Range'>,
  document: vscode.TextDocument,
  { start, end }: Span,
): vscode.Range {
  return new api.Range(document.positionAt(start), document.positionAt(end))
}

async function completions(
  ports: LanguagePorts,
  document: vscode.TextDocument,
  position: vscode.Position,
): Promise<vscode.CompletionItem[]> {
  const { vscode: api } = ports
  const place = await placeOf(ports, document)
  if (!place) return []
  const { language, analyse, study, id, cells } = place
  const before = cells.slice(
    0,
    cells.findIndex(cell => cell.id === id),
  )
  const folder = api.Uri.joinPath(study.notebook.uri, '..')
  const found = await complete(language, document.getText(), document.offsetAt(position), {
    results: definitionsOf(analyse, before).map(({ name, cell: owner }) => ({
      name,
      cell: owner,
      kind: study.results.find(result => result.name === name)?.kind,
    })),
    columns: columnsBefore(before, study.results),
    files: written => filesFrom(api.workspace.fs, folder, written),
  })
  return found.map(item => toItem(api, document, item))
}

export function toItem(
  api: typeof vscode,
  document: vscode.TextDocument,
  item: Completion,
): vscode.CompletionItem {
  const { CompletionItemKind: Kind } = api
  const kinds: Record<Completion['kind'], vscode.CompletionItemKind> = {
    step: Kind.Module,
    parameter: Kind.Property,
    value: Kind.EnumMember,
    result: Kind.Variable,
    model: Kind.Class,
    metric: Kind.Function,
    column: Kind.Field,
    file: item.label.endsWith('/') ? Kind.Folder : Kind.File,
    provider: Kind.Constant,
    prompt: Kind.Text,
    variable: Kind.Variable,
    member: Kind.Field,
    filter: Kind.Function,
    tag: Kind.Keyword,
  }
  const completion = new api.CompletionItem(item.label, kinds[item.kind])
  completion.insertText = new api.SnippetString(item.insert)
  completion.range = rangeOf(api, document, item.span)
  completion.sortText = `${item.rank} ${item.label}`
  if (item.detail !== undefined) completion.detail = item.detail
  if (item.documentation !== undefined) completion.documentation = new api.MarkdownString(item.documentation)
  // A folder, or a parameter, is only the beginning.
  if (item.label.endsWith('/') || (item.kind === 'parameter' && item.insert.endsWith('$0'))) {
    completion.command = { command: 'editor.action.triggerSuggest', title: 'Suggest' }
  }
  return completion
}

export async function quickFixes(
  ports: LanguagePorts,
  document: vscode.TextDocument,
  range: vscode.Range,
): Promise<vscode.CodeAction[]> {
  const { vscode: api } = ports
  const place = await placeOf(ports, document)
  if (!place) return []
  const problems = diagnoseStudy(place.analyse, place.cells).get(place.id) ?? []
  return problems.flatMap(({ span, fix }) => {
    if (!fix || !rangeOf(api, document, span).intersection(range)) return []
    const action = new api.CodeAction(fix.title, api.CodeActionKind.QuickFix)
    action.edit = new api.WorkspaceEdit()
    action.edit.replace(document.uri, rangeOf(api, document, fix.span), fix.text)
    action.isPreferred = true
    return [action]
  })
}

/** The step and the result that it defines, for the outline. */
function symbols(
  api: typeof vscode,
  document: vscode.TextDocument,
  analyse: Analyse,
): vscode.DocumentSymbol[] {
  const text = document.getText()
  const { name } = readStepText(text)
  if (!name) return []
  const whole = rangeOf(api, document, { start: 0, end: text.length })
  const defined = analyse(text).names.find(({ role }) => role === 'defines')
  const label = defined ? `${name.text} → ${defined.name}` : name.text
  return [
    new api.DocumentSymbol(label, '', api.SymbolKind.Function, whole, rangeOf(api, document, name.span)),
  ]
}
