import type { StudyCell } from '../../kernel/protocol/messages.ts'
import type { Analyse } from './analysis.ts'
import type { NameUse } from './names-in.ts'
import type { Span } from './step-text.ts'

/** A result of the study and where its name is given. */
export interface Definition {
  name: string
  cell: string
  /** Absent for prompts and scripts, whose name is an attribute of the cell. */
  span?: Span
}

/** Every result of a study with the cell that defines it, in document order. */
export function definitionsOf(analyse: Analyse, cells: readonly StudyCell[]): Definition[] {
  return cells.flatMap((cell): Definition[] => {
    if (cell.kind === 'step') {
      const uses = analyse(cell.text).names.filter(({ role }) => role === 'defines')
      return uses.map(({ name, span }) => ({ name, cell: cell.id, span }))
    }
    const name = cell.kind === 'prompt' ? cell.attributes.prompt : cell.attributes.as
    return name ? [{ name, cell: cell.id }] : []
  })
}

/** Every place of a study where a result's name is written in a step cell. */
export function usesOf(
  analyse: Analyse,
  cells: readonly StudyCell[],
  name: string,
): { cell: string; use: NameUse }[] {
  return cells.flatMap(({ id, kind, text }) => {
    if (kind !== 'step') return []
    return analyse(text)
      .names.filter(use => use.name === name)
      .map(use => ({ cell: id, use }))
  })
}
