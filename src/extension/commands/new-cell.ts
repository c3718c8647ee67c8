import type { App } from '../app.ts'
import { LANGUAGES } from '../document/notebook-data.ts'
import type { vscode } from '../vscode.ts'

interface Snippet {
  prefix: string
  description: string
  body: readonly string[]
}

/** Kinds of new cells: the snippets of each language, and prose. */
const SOURCES = [
  { file: 'mirage.json', language: LANGUAGES.step },
  { file: 'mirage-prompt.json', language: LANGUAGES.prompt },
  { file: 'script.json', language: LANGUAGES.script },
] as const

interface Choice extends vscode.QuickPickItem {
  language: string
  body: string
}

/** Asks for the kind of cell, and inserts one below the selected cell, with the places to fill in. */
export async function newCell(app: App): Promise<void> {
  const { window, workspace, commands, l10n } = app.vscode
  const editor = window.activeNotebookEditor
  if (!editor || !app.active()) return
  const chosen = await window.showQuickPick(await choices(app), {
    title: l10n.t('New Cell'),
    matchOnDescription: true,
    placeHolder: l10n.t('What should the cell do?'),
  })
  if (!chosen) return
  const index = editor.selections[0]?.end ?? editor.notebook.cellCount
  const { NotebookCellData, NotebookCellKind, NotebookEdit, NotebookRange, WorkspaceEdit, SnippetString } =
    app.vscode
  const kind = chosen.language === 'markdown' ? NotebookCellKind.Markup : NotebookCellKind.Code
  const edit = new WorkspaceEdit()
  edit.set(editor.notebook.uri, [
    NotebookEdit.insertCells(index, [new NotebookCellData(kind, '', chosen.language)]),
  ])
  await workspace.applyEdit(edit)
  editor.selections = [new NotebookRange(index, index + 1)]
  editor.revealRange(editor.selections[0])
  await commands.executeCommand('notebook.cell.edit')
  const text = window.activeTextEditor
  if (text?.document === editor.notebook.cellAt(index).document) {
    await text.insertSnippet(new SnippetString(chosen.body))
  }
}

async function choices({ vscode: api, context }: App): Promise<Choice[]> {
  const found: Choice[] = []
  for (const { file, language } of SOURCES) {
    const bytes = await api.workspace.fs.readFile(api.Uri.joinPath(context.extensionUri, 'snippets', file))
    const snippets = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, Snippet>
    for (const [label, { prefix, description, body }] of Object.entries(snippets)) {
      found.push({ label, description: prefix, detail: description, language, body: body.join('\n') })
    }
  }
  return [...found, { label: api.l10n.t('Prose'), detail: 'Markdown', language: 'markdown', body: '' }]
}
