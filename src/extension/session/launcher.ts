import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type KernelClient, launchKernel } from '../../kernel/protocol/client.ts'
import { Failure } from '../failure.ts'
import type { vscode } from '../vscode.ts'
import type { HostPorts } from './kernel-host.ts'
import type { JudgeKeys } from './keys.ts'
import { findNode } from './node-binary.ts'

export interface LauncherPorts {
  workspace: Pick<typeof vscode.workspace, 'isTrusted' | 'getConfiguration'>
  /** Folder of the extension. */
  folder: string
  keys: Pick<JudgeKeys, 'environment'>
}

/** Starts the kernel of a study in the study's folder. Nothing is ever started in an untrusted workspace. */
export function launcherFor(ports: LauncherPorts, study: vscode.Uri): HostPorts['launch'] {
  return async (handlers): Promise<KernelClient> => {
    if (!ports.workspace.isTrusted) throw untrusted()
    const node = findNode({
      configured: ports.workspace.getConfiguration('mirage').get<string>('node.path') ?? '',
      folder: ports.folder,
      target: `${process.platform}-${process.arch}`,
      exists: existsSync,
    })
    const entry = join(ports.folder, 'dist', 'kernel.mjs')
    return launchKernel({
      node,
      entry,
      cwd: dirname(study.fsPath),
      env: await ports.keys.environment(),
      ...handlers,
    })
  }
}

export function untrusted(): Failure {
  return new Failure({
    code: 'untrusted',
    message: 'Cells do not run in a workspace that is not trusted.',
    remedy: 'Read the study, then trust its folder: "Workspaces: Manage Workspace Trust".',
  })
}
