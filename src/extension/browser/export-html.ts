import type { Output } from '../../kernel/protocol/messages.ts'
import { MIME } from '../../kernel/protocol/mime.ts'
import { type PageScripts, toHtml } from '../../kernel/share/html.ts'
import { decodeStudy, openStudy } from '../../notebook/open.ts'
import { studyName } from '../../notebook/paths.ts'
import { NOTEBOOK_TYPE } from '../document/notebook-data.ts'
import { Failure } from '../failure.ts'
import type { StudyObjects } from '../outputs/objects.ts'
import { filesByHash, loadSaved, toOutputs } from '../outputs/saved-outputs.ts'
import type { vscode } from '../vscode.ts'

/** Writes the active study with its saved outputs as one HTML file, the same as a kernel would. */
export async function exportHtml(
  api: typeof vscode,
  extension: vscode.Uri,
  objects: StudyObjects,
): Promise<void> {
  const { window, workspace, Uri } = api
  const notebook = window.activeNotebookEditor?.notebook
  if (notebook?.notebookType !== NOTEBOOK_TYPE) return
  const saved = await loadSaved(workspace.fs, notebook.uri)
  if (Object.keys(saved.cells).length === 0) {
    throw new Failure({
      code: 'nothing-to-export',
      message: 'This study has no saved outputs.',
      remedy: 'Run it where there is a machine, and commit its outputs folder.',
    })
  }
  const { document } = openStudy(decodeStudy(await workspace.fs.readFile(notebook.uri)))
  const outputs = new Map(
    Object.entries(saved.cells).map(([id, cell]) => [id, { id, ...cell, outputs: toOutputs(cell) }] as const),
  )
  const owner = { notebook, kernel: { client: undefined } }
  const found = await Promise.all(
    [...filesByHash(saved).keys()].map(async hash => [hash, await objects.read(owner, hash)] as const),
  )
  const pictures = new Map(found.filter(([, { mime }]) => mime.startsWith('image/')))
  const page = await toHtml(
    { document, outputs, objects: pictures, files: new Map() },
    await scriptsFor(
      api,
      extension,
      [...outputs.values()].flatMap(cell => cell.outputs),
    ),
  )
  const folder = Uri.joinPath(notebook.uri, '..')
  const target = await window.showSaveDialog({
    defaultUri: Uri.joinPath(folder, `${studyName(notebook.uri.path)}.html`),
  })
  if (target) await workspace.fs.writeFile(target, new TextEncoder().encode(page))
}

/** The renderers that the outputs need. */
async function scriptsFor(
  { workspace, Uri }: typeof vscode,
  extension: vscode.Uri,
  outputs: readonly Output[],
): Promise<PageScripts> {
  const read = async (name: string) =>
    new TextDecoder().decode(
      await workspace.fs.readFile(Uri.joinPath(extension, 'dist', 'renderers', `${name}.js`)),
    )
  const mimes = new Set(outputs.flatMap(({ items }) => items.map(({ mime }) => mime)))
  const needed = Object.entries(MIME).filter(([, mime]) => mimes.has(mime))
  const renderers = await Promise.all(needed.map(async ([name, mime]) => [mime, await read(name)] as const))
  return { renderers: new Map(renderers), page: await read('page') }
}
