import { isStudyPath, studyName } from '../../notebook/paths.ts'
import type { App } from '../app.ts'
import { NOTEBOOK_TYPE } from '../document/notebook-data.ts'
import { Failure } from '../failure.ts'
import type { vscode } from '../vscode.ts'

/** What a new study may start from: a file of `templates/` each. */
export const templates = (l10n: Pick<typeof vscode.l10n, 't'>) => [
  {
    file: 'compare-models.mirage.md',
    label: l10n.t('Compare Models'),
    detail: l10n.t('Enlarge the same images with several models, measure, look, correlate.'),
  },
  {
    file: 'judge.mirage.md',
    label: l10n.t('Score Hallucination'),
    detail: l10n.t('Ask a multimodal LLM about results that exist already, and see which measure agrees.'),
  },
  {
    file: 'fine-tune.mirage.md',
    label: l10n.t('Fine-Tune'),
    detail: l10n.t('Train an adapter that invents less, and compare it with what it came from.'),
  },
]

/** Asks for a template and a place, and opens the new study. */
export async function newStudy(app: App): Promise<void> {
  const { window, workspace, Uri, l10n } = app.vscode
  const title = l10n.t('New Study')
  const chosen = await window.showQuickPick(templates(l10n), { title, placeHolder: l10n.t('Start from') })
  if (!chosen) return
  const folder = workspace.workspaceFolders?.[0]?.uri ?? Uri.file(process.cwd())
  const asked = await window.showSaveDialog({
    title,
    defaultUri: Uri.joinPath(folder, chosen.file),
  })
  if (!asked) return
  const target = withEnding(asked)
  // The dialog asked about the name as it was typed.
  if (target.path !== asked.path && (await exists(app, target))) {
    const replace = l10n.t('Replace')
    const question = l10n.t('{0} is there already. Replace it?', target.fsPath)
    if ((await window.showWarningMessage(question, { modal: true }, replace)) !== replace) return
  }
  const template = await workspace.fs.readFile(
    Uri.joinPath(app.context.extensionUri, 'templates', chosen.file),
  )
  const text = new TextDecoder().decode(template)
  await workspace.fs.writeFile(target, new TextEncoder().encode(titled(text, chosen.file, target)))
  await open(app, target)
}

/** A study that keeps the template's name keeps its title too. */
function titled(text: string, file: string, target: vscode.Uri): string {
  const [own, given] = [studyName(file), studyName(target.path)]
  return own === given ? text : text.replace(/^title: .*$/m, `title: ${JSON.stringify(given)}`)
}

function withEnding(uri: vscode.Uri): vscode.Uri {
  if (isStudyPath(uri.path)) return uri
  return uri.with({ path: `${uri.path.replace(/(\.mirage)?(\.md)?$/i, '')}.mirage.md` })
}

const QUICK_START = ['quickstart.mirage.md', 'examples']

/** Copies the quick start and its images into a folder of the user's, and opens it. What is there already stays. */
export async function openQuickStart(app: App): Promise<void> {
  const { window, workspace, Uri, l10n } = app.vscode
  const [folder] =
    (await window.showOpenDialog({
      title: l10n.t('Folder for the Quick Start'),
      openLabel: l10n.t('Copy Here'),
      canSelectFiles: false,
      canSelectFolders: true,
      defaultUri: workspace.workspaceFolders?.[0]?.uri,
    })) ?? []
  if (!folder) return
  for (const name of QUICK_START) {
    const source = Uri.joinPath(app.context.extensionUri, 'notebooks', name)
    const target = Uri.joinPath(folder, name)
    if (await exists(app, target)) continue
    await workspace.fs.copy(source, target)
  }
  await open(app, Uri.joinPath(folder, QUICK_START[0]))
}

async function exists({ vscode }: App, uri: vscode.Uri): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(uri)
    return true
  } catch {
    return false
  }
}

async function open({ vscode }: App, uri: vscode.Uri): Promise<void> {
  const notebook = await vscode.workspace.openNotebookDocument(uri)
  if (notebook.notebookType !== NOTEBOOK_TYPE) {
    throw new Failure({
      code: 'not-a-study',
      message: vscode.l10n.t('{0} did not open as a study.', uri.fsPath),
    })
  }
  await vscode.window.showNotebookDocument(notebook)
}
