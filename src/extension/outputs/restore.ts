import type { SavedCellOutputs, SavedOutputs } from '../../notebook/outputs.ts'
import { idOf, isCode } from '../document/notebook-data.ts'
import type { Execution } from '../run/cell-drive.ts'
import { messageOf, outputMetadata, type ReadObject, toItems } from '../run/output-items.ts'
import type { vscode } from '../vscode.ts'
import { toOutputs } from './saved-outputs.ts'

export interface RestorePorts {
  api: Pick<typeof vscode, 'NotebookCellOutput' | 'NotebookCellOutputItem'>
  createExecution(cell: vscode.NotebookCell): Pick<Execution, 'start' | 'end' | 'replaceOutput'>
  read: ReadObject
  log(line: string): void
}

export interface Restored {
  finished: string
  /** sha256 of the cell's text when it ran. */
  textHash: string
}

/** Cells whose outputs are handed to the editor together: each alone is a round trip, all at once would hold it up. */
const AT_ONCE = 10

/**
 * Puts saved outputs back by replaying executions without a result, which leaves the document clean: an edit of the
 * notebook would not. Cells that run (`live`) or that show something already are left alone.
 *
 * @returns what was put back, by cell id
 */
export async function restoreOutputs(
  notebook: Pick<vscode.NotebookDocument, 'getCells'>,
  saved: SavedOutputs,
  live: ReadonlySet<string>,
  ports: RestorePorts,
): Promise<Map<string, Restored>> {
  const restored = new Map<string, Restored>()
  const waiting = notebook.getCells().filter(cell => {
    if (!isCode(cell) || cell.outputs.length > 0 || live.has(idOf(cell))) return false
    return (saved.cells[idOf(cell)]?.outputs.length ?? 0) > 0
  })
  const restore = async (cell: vscode.NotebookCell) => {
    const known = saved.cells[idOf(cell)]
    try {
      await restoreCell(cell, known, ports)
      restored.set(idOf(cell), { finished: known.finished, textHash: known.textHash })
    } catch (error) {
      ports.log(`The saved outputs of ${idOf(cell)} can't be shown: ${messageOf(error)}`)
    }
  }
  for (let from = 0; from < waiting.length; from += AT_ONCE) {
    await Promise.all(waiting.slice(from, from + AT_ONCE).map(restore))
  }
  return restored
}

async function restoreCell(
  cell: vscode.NotebookCell,
  saved: SavedCellOutputs,
  ports: RestorePorts,
): Promise<void> {
  const { api, read } = ports
  const outputs = await Promise.all(
    toOutputs(saved).map(async output => {
      const items = await toItems(api, output, read)
      return new api.NotebookCellOutput(items, outputMetadata(idOf(cell), output.id))
    }),
  )
  const execution = ports.createExecution(cell)
  execution.start()
  await execution.replaceOutput(outputs)
  execution.end(undefined)
}
