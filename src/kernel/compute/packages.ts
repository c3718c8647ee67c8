import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** What the compute process computes with. Another version of it may give other last digits. */
const NATIVE = ['onnxruntime-node', 'sharp']

/**
 * Versions of the native packages as a module finds them. They are read, not loaded.
 *
 * @param entry absolute path of the module
 */
export function nativePackages(entry: string): Record<string, string> {
  const { resolve } = createRequire(entry)
  return Object.fromEntries(NATIVE.map(name => [name, versionAbove(dirname(resolve(name)), name)]))
}

/** `package.json` is not among what every package exports; it lies above what it does. */
function versionAbove(folder: string, name: string): string {
  const path = join(folder, 'package.json')
  const manifest = JSON.parse(readIfThere(path) ?? '{}') as { name?: string; version?: string }
  if (manifest.name === name && manifest.version) return manifest.version
  if (dirname(folder) === folder)
    throw new Error(`There is no package.json of ${name} above what it exports.`)
  return versionAbove(dirname(folder), name)
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
