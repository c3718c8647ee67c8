import type { StagePlace } from './stage-places.ts'

/** A position that a person asked for, 1-based; without a column the whole line. */
export interface Position {
  line: number
  column?: number
}

/** A breakpoint as it is set. One that stands for no stage never stops anything and says why. */
export interface Breakpoint {
  position: Position
  stage?: string
  message?: string
}

/**
 * Puts a breakpoint on the first stage of its line, and otherwise of the next line of the cell that has one.
 *
 * @param places those of the score cell that is stepped through, in the order of the stages
 */
export function placeBreakpoint(asked: Position, cell: string, places: readonly StagePlace[]): Breakpoint {
  const own = places.filter(place => place.cell === cell)
  const here = own.find(place => covers(place, asked))
  if (here) return { position: asked, stage: here.stage }
  const byLine = own.toSorted((a, b) => a.line - b.line || a.column - b.column)
  const near = byLine.find(({ line }) => line > asked.line) ?? byLine.at(-1)
  if (near) return placeBreakpoint({ line: near.line }, cell, places)
  return {
    position: asked,
    message: 'No stage of the score cell that is stepped through stands here.',
  }
}

/** Columns of a line at which different stages begin. */
export function stagesOfLine(line: number, cell: string, places: readonly StagePlace[]): StagePlace[] {
  const starts = places.filter(place => place.cell === cell && place.line === line)
  return starts.filter((place, i) => starts.findIndex(({ column }) => column === place.column) === i)
}

function covers({ line, column, endLine, endColumn }: StagePlace, at: Position): boolean {
  if (at.column === undefined) return line <= at.line && at.line <= endLine
  const after = at.line > line || (at.line === line && at.column >= column)
  const before = at.line < endLine || (at.line === endLine && at.column < endColumn)
  return after && before
}
