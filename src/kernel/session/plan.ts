import { type ErrorInfo, MirageError, nearest } from '../errors.ts'
import type { StudyCell } from '../protocol/messages.ts'
import { type Language, type Program, readCell } from './program.ts'

/** A study's cells as a graph: each program with the cells whose results it reads. */
export interface Plan {
  /** In document order. */
  cells: PlannedCell[]
}

export type PlannedCell =
  | {
      id: string
      program: Program /** Result name -> id of the cell that defines it. */
      needs: Map<string, string>
    }
  /** A cell that cannot be read; it fails when it is run, and only then. */
  | { id: string; error: ErrorInfo }

export const isReadable = (cell: PlannedCell): cell is Extract<PlannedCell, { program: Program }> =>
  'program' in cell

/** Never throws for a bad cell: its error is kept with it. */
export function planStudy(cells: readonly StudyCell[], language: Language): Plan {
  const definedBy = new Map<string, string>()
  const prompts = new Set(cells.filter(({ kind }) => kind === 'prompt').map(({ id }) => id))
  const planned = cells.map((cell): PlannedCell => {
    try {
      const program = readCell(cell, language)
      const needs = linksOf(program, definedBy, prompts)
      if (program.defines) claim(program.defines, cell.id, definedBy)
      return { id: cell.id, program, needs }
    } catch (error) {
      if (error instanceof MirageError) return { id: cell.id, error: { ...error.info, cell: cell.id } }
      throw error
    }
  })
  return { cells: planned }
}

function claim(name: string, cell: string, definedBy: Map<string, string>): void {
  const other = definedBy.get(name)
  if (other !== undefined) {
    throw new MirageError({
      code: 'name-taken',
      message: `The cell "${other}" already defines "${name}".`,
      remedy: 'Give one of the two another name (`as:`).',
      cell,
    })
  }
  definedBy.set(name, cell)
}

function linksOf(
  program: Program,
  definedBy: Map<string, string>,
  prompts: ReadonlySet<string>,
): Map<string, string> {
  const needs = new Map<string, string>()
  for (const name of program.reads) {
    const cell = definedBy.get(name)
    if (cell === undefined) throw unknownName(program, name, [...definedBy.keys()])
    needs.set(name, cell)
  }
  for (const name of program.mayRead) {
    const cell = definedBy.get(name)
    if (cell !== undefined) needs.set(name, cell)
  }
  for (const name of program.assumes) {
    const cell = definedBy.get(name)
    // A table that happens to have the name of a default is not meant.
    if (cell !== undefined && prompts.has(cell)) needs.set(name, cell)
  }
  return needs
}

function unknownName(program: Program, name: string, known: string[]): MirageError {
  const near = nearest(name, known)
  return new MirageError({
    code: 'result-unknown',
    message: `"${program.name}" reads "${name}", which no earlier cell defines.${near ? ` Did you mean "${near}"?` : ''}`,
    remedy: known.length
      ? `Results so far: ${known.join(', ')}.`
      : 'Add a cell before it that defines the name (`as:`).',
    cell: program.cell,
  })
}

/** Ids of all cells that depend on `id`, directly or not. */
export function dependentsOf(plan: Plan, id: string): Set<string> {
  const found = new Set([id])
  for (const cell of plan.cells) {
    if (isReadable(cell) && [...cell.needs.values()].some(need => found.has(need))) found.add(cell.id)
  }
  found.delete(id)
  return found
}
