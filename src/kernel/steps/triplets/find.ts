import { stat } from 'node:fs/promises'
import { basename, extname, isAbsolute, relative, resolve, sep } from 'node:path'
import { escapePath, glob } from 'tinyglobby'
import { MirageError } from '../../errors.ts'

export interface FoundFile {
  /** Absolute. */
  path: string
  /** Relative to the study, with forward slashes. */
  name: string
}

const IMAGE_EXTENSIONS = new Set(['.png', '.jpg', '.jpeg', '.webp', '.tif', '.tiff', '.avif', '.gif', '.bmp'])

/** File name without its extension. */
export function stem(name: string): string {
  return basename(name, extname(name))
}

export function asFile(folder: string, path: string): FoundFile {
  const absolute = resolve(folder, path)
  // Most files are in the folder of the study, and what `relative` takes apart for each of them adds up.
  const inside = absolute.startsWith(folder) && absolute[folder.length] === sep
  const name = inside ? absolute.slice(folder.length + 1) : relative(folder, absolute)
  return { path: absolute, name: name.replaceAll('\\', '/') }
}

/**
 * The image files that globs, folders or file names stand for, in natural order of their names. `role` names the
 * parameter in errors.
 *
 * @throws MirageError `no-files` when there is none
 */
export async function findImages(
  folder: string,
  role: string,
  sources: string | string[],
): Promise<FoundFile[]> {
  const list = [sources].flat()
  const paths = new Set<string>()
  for (const source of list) for (const path of await expand(folder, source)) paths.add(path)
  if (paths.size === 0) {
    throw new MirageError({
      code: 'no-files',
      message: `No image matches \`${role}: ${list.join(', ')}\` in ${folder}.`,
      remedy: 'Check the folder and the pattern; relative paths start at the folder of the study.',
    })
  }
  return [...paths].map(path => asFile(folder, path)).sort((a, b) => byName(a.name, b.name))
}

/** a2 before a10, the same on every machine. */
export const byName = new Intl.Collator('en', { numeric: true }).compare

async function expand(folder: string, source: string): Promise<string[]> {
  const path = isAbsolute(source) ? source : resolve(folder, source)
  const kind = await stat(path).catch(() => undefined)
  // A name that exists is taken literally: brackets and braces are common in file names.
  if (kind?.isFile()) return [path]
  const pattern = kind?.isDirectory() ? `${escapePath(path.replaceAll('\\', '/'))}/*` : source
  const found = await glob(pattern, { cwd: folder, absolute: true, expandDirectories: false })
  return found.filter(name => IMAGE_EXTENSIONS.has(extname(name).toLowerCase()))
}
