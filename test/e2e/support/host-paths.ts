import { accessSync, constants } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'

/** Where the VS Code of the end-to-end tests is installed (see scripts/vscode-host.ts). */
export function hostPaths(env: NodeJS.ProcessEnv = process.env) {
  const cache = env.XDG_CACHE_HOME || join(homedir(), '.cache')
  const root = join(cache, 'mirage', 'vscode-host')
  return {
    root,
    node: join(root, 'node', 'node_modules', 'node', 'bin', 'node'),
    entry: join(root, 'code', 'node_modules', 'code-server', 'out', 'node', 'entry.js'),
  }
}

export const CHROMIUM_NAMES = ['chromium', 'chromium-browser', 'google-chrome']

/** A Chromium on this machine, or undefined. */
export function findChromium(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const folders = (env.PATH ?? '').split(delimiter).concat('/usr/bin')
  const candidates = CHROMIUM_NAMES.flatMap(name => folders.map(folder => join(folder, name)))
  return [env.MIRAGE_CHROMIUM, ...candidates].find(path => path !== undefined && isExecutable(path))
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
