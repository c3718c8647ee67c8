import { isStudyPath } from '../../notebook/paths.ts'
import { idEdit, settle } from '../document/id-edit.ts'
import { failureText } from '../run/output-items.ts'
import type { vscode } from '../vscode.ts'
import { untrusted } from './launcher.ts'

export interface PreparePorts {
  vscode: Pick<typeof vscode, 'workspace' | 'window' | 'commands' | 'l10n' | 'NotebookEdit' | 'WorkspaceEdit'>
  /** Cells that came into a notebook while it was open. */
  added: Set<unknown>
}

/**
 * Makes a study runnable: its folder is trusted, it has a file (paths in cells are relative to it), and every cell has
 * an id. False when the person has to do something first, which they are told.
 */
export async function prepare(notebook: vscode.NotebookDocument, ports: PreparePorts): Promise<boolean> {
  const { workspace, window, commands, l10n } = ports.vscode
  if (!workspace.isTrusted) {
    const manage = l10n.t('Manage Workspace Trust')
    const chosen = await window.showWarningMessage(failureText(untrusted().info), manage)
    if (chosen) await commands.executeCommand('workbench.trust.manage')
    return false
  }
  if (notebook.uri.scheme !== 'file' || !isStudyPath(notebook.uri.path)) {
    await window.showWarningMessage(
      l10n.t(
        'A study runs from a file of its own: save it on this machine, with a name that ends in .mirage.md.',
      ),
    )
    return false
  }
  const edit = idEdit(ports.vscode, notebook, ports.added)
  if (edit && !(await workspace.applyEdit(edit))) return false
  settle(notebook, ports.added)
  return true
}
