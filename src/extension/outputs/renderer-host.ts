import type { RendererRequest } from '../../kernel/protocol/mime.ts'
import { Failure } from '../failure.ts'
import { messageOf } from '../run/output-items.ts'
import type { vscode } from '../vscode.ts'
import type { ObjectOwner, StudyObjects } from './objects.ts'
import { answerRenderer } from './renderer-messages.ts'
import { type RowTags, withRowTags } from './tag-edit.ts'

/** The renderers of package.json, all of which may ask for pixels. */
const RENDERERS = ['compare', 'gallery', 'chart', 'table', 'training', 'rate'].map(name => `mirage.${name}`)

/** The study whose outputs ask. */
export interface RendererOwner extends ObjectOwner {
  cell(id: string): vscode.NotebookCell | undefined
}

export interface RendererHostPorts {
  vscode: Pick<
    typeof vscode,
    'notebooks' | 'window' | 'workspace' | 'Uri' | 'Disposable' | 'Range' | 'WorkspaceEdit'
  >
  objects: StudyObjects
  study(notebook: vscode.NotebookDocument): RendererOwner | undefined
}

/** Listens to every renderer, and answers in the editor that asked. */
export function serveRenderers({ vscode: api, objects, study }: RendererHostPorts): vscode.Disposable {
  let edits = Promise.resolve()
  const subscriptions = RENDERERS.map(id => {
    const channel = api.notebooks.createRendererMessaging(id)
    return channel.onDidReceiveMessage(async ({ editor, message }) => {
      const owner = study(editor.notebook)
      if (!owner) return
      const answered = answerRenderer(message as RendererRequest, {
        load: hash => objects.read(owner, hash),
        save: (name, bytes) => saveAs(api, api.Uri.joinPath(owner.notebook.uri, '..', basename(name)), bytes),
        train: async (run, action) => {
          const { client } = owner.kernel
          if (!client)
            throw new Error(
              'The kernel is not running, so nothing trains. Run the cell: it goes on from its last checkpoint.',
            )
          await client.request('training', { path: owner.notebook.uri.fsPath, run, action })
        },
        tag: (cell, row) => {
          // One after the other: each edit starts from the text that the one before left.
          edits = edits.catch(() => {}).then(() => writeTags(api, owner.cell(cell), row))
          return edits
        },
        rate: async (session, rater, answer) => {
          const { client } = owner.kernel
          if (!client) throw new Error('The kernel is not running. Run the cell, then rate.')
          const path = owner.notebook.uri.fsPath
          return (await client.request('rate', { path, session, rater, answer })).ratings
        },
      })
      try {
        const reply = await answered
        if (reply) await channel.postMessage(reply, editor)
      } catch (error) {
        // A request that waits for no answer can't show in its page that it failed.
        await api.window.showErrorMessage(messageOf(error))
      }
    })
  })
  return api.Disposable.from(...subscriptions)
}

async function saveAs(
  { window, workspace }: RendererHostPorts['vscode'],
  defaultUri: vscode.Uri,
  bytes: Uint8Array,
): Promise<boolean> {
  const target = await window.showSaveDialog({ defaultUri })
  if (!target) return false
  await workspace.fs.writeFile(target, bytes)
  return true
}

/** @throws Failure where the cell is gone or cannot be edited */
async function writeTags(
  { Range, WorkspaceEdit, workspace }: RendererHostPorts['vscode'],
  cell: vscode.NotebookCell | undefined,
  row: RowTags,
): Promise<void> {
  if (!cell) throw new Failure({ code: 'cell-gone', message: 'The cell of this gallery is no longer there.' })
  const { document } = cell
  const edit = new WorkspaceEdit()
  edit.replace(document.uri, new Range(0, 0, document.lineCount, 0), withRowTags(document.getText(), row))
  if (!(await workspace.applyEdit(edit)))
    throw new Failure({ code: 'edit-refused', message: 'The study cannot be edited.' })
}

/** A name that stays in the folder, whatever a page suggests. */
function basename(name: string): string {
  return name.split(/[\\/]/).at(-1) || 'output'
}
