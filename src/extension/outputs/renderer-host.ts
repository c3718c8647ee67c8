import type { RendererRequest } from '../../kernel/protocol/mime.ts'
import type { OpenStudy } from '../session/open-study.ts'
import type { vscode } from '../vscode.ts'
import type { StudyObjects } from './objects.ts'
import { answerRenderer } from './renderer-messages.ts'

/** The renderers of package.json, all of which may ask for pixels. */
const RENDERERS = ['compare', 'gallery', 'chart', 'table', 'training'].map(name => `mirage.${name}`)

export interface RendererHostPorts {
  vscode: Pick<typeof vscode, 'notebooks' | 'window' | 'workspace' | 'Uri' | 'Disposable'>
  objects: StudyObjects
  study(notebook: vscode.NotebookDocument): OpenStudy | undefined
}

/** Listens to every renderer, and answers in the editor that asked. */
export function serveRenderers({ vscode: api, objects, study }: RendererHostPorts): vscode.Disposable {
  const subscriptions = RENDERERS.map(id => {
    const channel = api.notebooks.createRendererMessaging(id)
    return channel.onDidReceiveMessage(async ({ editor, message }) => {
      const owner = study(editor.notebook)
      if (!owner) return
      const reply = await answerRenderer(message as RendererRequest, {
        load: hash => objects.read(owner, hash),
        save: (name, bytes) => saveAs(api, api.Uri.joinPath(owner.notebook.uri, '..', basename(name)), bytes),
        // Without a kernel nothing trains.
        train: async (run, action) => {
          const path = owner.notebook.uri.fsPath
          await owner.kernel.client?.request('training', { path, run, action })
        },
      })
      if (reply) await channel.postMessage(reply, editor)
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

/** A name that stays in the folder, whatever a page suggests. */
function basename(name: string): string {
  return name.split(/[\\/]/).at(-1) || 'output'
}
