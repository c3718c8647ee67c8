import { createReadStream, createWriteStream, existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createBrotliDecompress } from 'node:zlib'

/**
 * The Node binary of a package, which holds it compressed, unpacked once per version of Mirage. Another window may do
 * the same at the same time.
 *
 * @param packed such as `.../bin/node.br`
 * @param folder of the extension's own files on this machine
 * @param version of the extension; what another one unpacked is removed
 */
export async function unpackNode(packed: string, folder: string, version: string): Promise<string> {
  const home = join(folder, 'node')
  const target = join(home, version, basename(packed, '.br'))
  if (existsSync(target)) return target
  await mkdir(join(home, version), { recursive: true })
  const temporary = `${target}.${process.pid}.tmp`
  await pipeline(
    createReadStream(packed),
    createBrotliDecompress(),
    createWriteStream(temporary, { mode: 0o755 }),
  )
  try {
    await rename(temporary, target)
  } catch (error) {
    await rm(temporary, { force: true })
    if (!existsSync(target)) throw error
  }
  const others = (await readdir(home)).filter(name => name !== version)
  // One that still runs elsewhere can't be removed on Windows, and goes with the next version.
  await Promise.all(others.map(name => rm(join(home, name), { recursive: true }).catch(() => {})))
  return target
}
