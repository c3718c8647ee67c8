import type { StudyCell } from '../../kernel/protocol/messages.ts'
import { idOf } from '../document/notebook-data.ts'
import { snapshot } from '../document/snapshot.ts'
import { Failure } from '../failure.ts'
import type { OpenStudy } from '../session/open-study.ts'
import type { vscode } from '../vscode.ts'
import { promptNameOf } from './stage-places.ts'

export const DEBUG_TYPE = 'mirage'

/**
 * A debug configuration that steps through a cell.
 *
 * @throws Failure for a cell that has no stages
 */
export function launchOf(study: OpenStudy, cell: vscode.NotebookCell): vscode.DebugConfiguration {
  const id = idOf(cell)
  steppedBy(id, snapshot(study.notebook).cells)
  return {
    type: DEBUG_TYPE,
    request: 'launch',
    name: id,
    study: study.notebook.uri.toString(),
    cell: id,
    // Everything to see is in the cell, the variables and the call stack; the console would hide the cell.
    internalConsoleOptions: 'neverOpen',
  }
}

/** The cells that belong together when one of them is stepped through. */
export interface Stepped {
  score: StudyCell
  prompt?: StudyCell
}

/**
 * The score cell that is meant by a cell, with the prompt cell that it names.
 *
 * @throws Failure for a cell that has no stages
 */
export function steppedBy(id: string, cells: readonly StudyCell[]): Stepped {
  const index = cells.findIndex(cell => cell.id === id)
  const chosen = cells[index]
  if (chosen?.kind === 'step' && promptNameOf(chosen) !== undefined) {
    return { score: chosen, prompt: promptOf(chosen, cells) }
  }
  const user =
    chosen?.kind === 'prompt'
      ? cells.find(cell => cell.kind === 'step' && promptOf(cell, cells) === chosen)
      : undefined
  if (user) return { score: user, prompt: chosen }
  throw new Failure({
    code: 'no-stages',
    message: `The cell "${id}" has no stages to step through.`,
    remedy: 'Choose a score cell, or a prompt cell that a score cell uses.',
  })
}

/** The prompt cell whose name a score cell gives, if it is not a shipped prompt. */
function promptOf(score: StudyCell, cells: readonly StudyCell[]): StudyCell | undefined {
  const name = promptNameOf(score)
  if (!name) return undefined
  return cells.find(cell => cell.kind === 'prompt' && cell.attributes.prompt === name)
}
