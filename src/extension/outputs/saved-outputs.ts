import type { Output } from '../../kernel/protocol/messages.ts'
import {
  filesOf,
  hashOf,
  NO_OUTPUTS,
  readOutputs,
  type SavedCellOutputs,
  type SavedOutputs,
} from '../../notebook/outputs.ts'
import { isStudyPath, OUTPUTS_INDEX, outputsFolder } from '../../notebook/paths.ts'
import type { vscode } from '../vscode.ts'

export type ReadFile = Pick<vscode.FileSystem, 'readFile'>

/** The outputs folder of a study, or undefined for one that has no file yet. */
export function folderOf(study: vscode.Uri): vscode.Uri | undefined {
  return isStudyPath(study.path) ? study.with({ path: outputsFolder(study.path) }) : undefined
}

/** A file in the folder. */
export function within(folder: vscode.Uri, name: string): vscode.Uri {
  return folder.with({ path: `${folder.path}/${name}` })
}

/**
 * The outputs that were saved beside a study; none where there is no folder.
 *
 * @throws FormatError for an index that can't be read
 */
export async function loadSaved(fs: ReadFile, study: vscode.Uri): Promise<SavedOutputs> {
  const folder = folderOf(study)
  if (!folder) return NO_OUTPUTS
  let bytes: Uint8Array
  try {
    bytes = await fs.readFile(within(folder, OUTPUTS_INDEX))
  } catch {
    return NO_OUTPUTS
  }
  return readOutputs(new TextDecoder().decode(bytes))
}

/** A saved cell's outputs as the kernel would send them. */
export function toOutputs(saved: SavedCellOutputs): Output[] {
  return saved.outputs.map(({ id, items }) => ({
    id,
    items: items.map(item => ('file' in item ? { mime: item.mime, object: hashOf(item.file) } : item)),
  }))
}

/** Name in the outputs folder of each object that is saved there, by hash. */
export function filesByHash(saved: SavedOutputs): Map<string, string> {
  return new Map([...filesOf(saved)].map(file => [hashOf(file), file]))
}
