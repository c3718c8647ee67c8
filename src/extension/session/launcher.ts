import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { KernelClient, KernelExit } from '../../kernel/protocol/client.ts'
import { OCCUPIED } from '../../kernel/protocol/wire.ts'
import { Failure, infoOf } from '../failure.ts'
import type { vscode } from '../vscode.ts'
import type { HostPorts } from './kernel-host.ts'
import type { JudgeKeys } from './keys.ts'
import { findNode } from './node-binary.ts'
import { RendezvousFile } from './rendezvous-file.ts'
import { unpackNode } from './unpack-node.ts'

export interface LauncherPorts {
  workspace: Pick<typeof vscode.workspace, 'isTrusted' | 'getConfiguration'>
  /** Folder of the extension. */
  folder: string
  version: string
  /** Folder of the extension's own files for this workspace. */
  storage: string
  /** Folder of the extension's own files for all workspaces. */
  ownFolder: string
  keys: Pick<JudgeKeys, 'environment'>
}

/** Milliseconds for which a kernel that runs nothing waits for its window to come back. */
const IDLE_PATIENCE = 30_000

/** A kernel for a question that belongs to no study. It ends with the answer. */
export async function withOwnKernel<T>(
  ports: LauncherPorts,
  log: (line: string) => void,
  act: (kernel: KernelClient) => Promise<T>,
): Promise<T> {
  const { launchKernel } = await kernelClient()
  const kernel = await launchKernel({
    node: await nodeOf(ports),
    entry: entryOf(ports),
    cwd: ports.folder,
    env: await ports.keys.environment(),
    codeCache: codeCacheOf(ports),
    onEvent() {},
    onExit() {},
    onLog: log,
  })
  try {
    return await act(kernel)
  } finally {
    await kernel.dispose()
  }
}

/** What speaks with kernels, loaded with the first of them. */
const kernelClient = () => import('../../kernel/protocol/detached.ts')

/** Goes with the Node that wrote it, when another version of Mirage unpacks its own. */
const codeCacheOf = ({ ownFolder, version }: LauncherPorts) => join(ownFolder, 'node', version, 'compiled')

const entryOf = ({ folder }: LauncherPorts) => join(folder, 'dist', 'kernel.mjs')

/** The Node that runs kernels. Throws in a workspace that is not trusted. */
async function nodeOf(ports: LauncherPorts, study?: vscode.Uri): Promise<string> {
  if (!ports.workspace.isTrusted) throw untrusted()
  const found = findNode({
    configured: ports.workspace.getConfiguration('mirage', study).get<string>('node.path') ?? '',
    folder: ports.folder,
    target: `${process.platform}-${process.arch}`,
    exists: existsSync,
  })
  return found.packed ? unpackNode(found.path, ports.ownFolder, ports.version) : found.path
}

/** Starts the kernel of a study in the study's folder. Nothing is ever started in an untrusted workspace. */
export function launcherFor(ports: LauncherPorts, study: vscode.Uri): Pick<HostPorts, 'launch' | 'reattach'> {
  const noted = new RendezvousFile(ports.storage, study.fsPath)
  const entry = entryOf(ports)
  return {
    async launch(handlers): Promise<KernelClient> {
      const node = await nodeOf(ports, study)
      const minutes =
        ports.workspace.getConfiguration('mirage', study).get<number>('kernel.keepRunning') ?? 60
      const { launchDetached } = await kernelClient()
      const { client, rendezvous } = await launchDetached({
        node,
        entry,
        cwd: dirname(study.fsPath),
        env: await ports.keys.environment(),
        codeCache: codeCacheOf(ports),
        patience: { idle: IDLE_PATIENCE, running: minutes * 60_000 },
        ...handlers,
        onExit: exit => {
          void noted.forget(rendezvous)
          handlers.onExit(exit)
        },
      })
      await noted.write(rendezvous)
      return client
    },

    async reattach(handlers): Promise<KernelClient | undefined> {
      const rendezvous = ports.workspace.isTrusted ? await noted.read() : undefined
      if (!rendezvous) return undefined
      try {
        const { attachKernel } = await kernelClient()
        const options = {
          env: await ports.keys.environment(),
          ...handlers,
          onExit: (exit: KernelExit) => {
            void noted.forget(rendezvous)
            handlers.onExit(exit)
          },
        }
        const client = await onceFree(() => attachKernel(rendezvous, options))
        if (rendezvous.entry === entry) return client
        // Of another version of Mirage, which was updated meanwhile.
        await client.dispose()
        return undefined
      } catch (error) {
        // It belongs to another window, which keeps it.
        if (infoOf(error).code === OCCUPIED) return undefined
        await noted.forget(rendezvous)
        await rm(rendezvous.folder, { recursive: true, force: true })
        return undefined
      }
    },
  }
}

/** The extensions of a window that is loaded again may end after those of the new one have started. */
const FREE_AFTER = [500, 1000, 2000]

async function onceFree<T>(attach: () => Promise<T>): Promise<T> {
  for (const pause of FREE_AFTER) {
    try {
      return await attach()
    } catch (error) {
      if (infoOf(error).code !== OCCUPIED) throw error
      await sleep(pause)
    }
  }
  return attach()
}

export function untrusted(): Failure {
  return new Failure({
    code: 'untrusted',
    message: 'Cells do not run in a workspace that is not trusted.',
    remedy: 'Read the study, then trust its folder: "Workspaces: Manage Workspace Trust".',
  })
}
