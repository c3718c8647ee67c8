import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { hashOf, readOutputs } from '../../notebook/outputs.ts'
import { OUTPUTS_INDEX, outputsFolder } from '../../notebook/paths.ts'
import type { SavedCell } from '../protocol/messages.ts'

/** The saved outputs of a study, as a client shows them. Empty when nothing was ever saved. */
export async function savedOutputs(studyPath: string): Promise<SavedCell[]> {
  let text: string
  try {
    text = await readFile(join(outputsFolder(studyPath), OUTPUTS_INDEX), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
  return Object.entries(readOutputs(text).cells).map(([id, cell]) => ({
    id,
    textHash: cell.textHash,
    succeeded: cell.succeeded,
    finished: cell.finished,
    milliseconds: cell.milliseconds,
    outputs: cell.outputs.map(output => ({
      id: output.id,
      items: output.items.map(item =>
        'file' in item ? { mime: item.mime, object: hashOf(item.file) } : item,
      ),
    })),
  }))
}
