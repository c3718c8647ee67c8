import type { vscode } from '../vscode.ts'

const SHOWN = 100
const DIRECTORY = 2

/** Names that go on from a path as it is written, relative to a folder; folders end in a slash. */
export async function filesFrom(
  fs: Pick<vscode.FileSystem, 'readDirectory'>,
  folder: vscode.Uri,
  written: string,
): Promise<string[]> {
  const inside = written.slice(0, written.lastIndexOf('/') + 1)
  if (inside.startsWith('/') || inside.split('/').includes('..')) return []
  try {
    const entries = await fs.readDirectory(folder.with({ path: `${folder.path}/${inside}` }))
    return entries
      .filter(([name]) => !name.startsWith('.'))
      .slice(0, SHOWN)
      .map(([name, type]) => `${inside}${name}${type === DIRECTORY ? '/' : ''}`)
  } catch {
    return []
  }
}
