import { isReadable, type Plan } from '../session/plan.ts'

/** A part of a study's work that a scheduler runs as one job or one job array. */
export interface Piece {
  /** Unique within the study: the cell's id, with what is done. */
  id: string
  cell: string
  step: string
  /**
   * `shards`: an array, each task fills the store for its rows; `collect`: puts the rows of all shards together;
   * `whole`: a cell that cannot be cut.
   */
  kind: 'shards' | 'collect' | 'whole'
  /** Shards of a cell that is a number of jobs by itself; the profile says how many parts rows are cut into. */
  runs?: number
  /** Pieces that must have succeeded. */
  needs: string[]
}

/** A piece that still has work, and which of its shards. */
export interface OpenPiece {
  piece: Piece
  /** Empty for pieces that are no arrays. */
  shards: number[]
}

/** A piece as it is known before its job is. */
export interface PlannedPiece extends OpenPiece {
  /** Parts that the rows are cut into, of which `shards` are submitted; for pieces of kind `shards`. */
  count?: number
}

/**
 * The pieces of the chosen cells, in an order in which each comes after what it needs. Cells that are neither cut, nor
 * long, nor read by such a cell are left out: they take seconds and run when the results are collected.
 */
export function piecesOf(plan: Plan, chosen: ReadonlySet<string>): Piece[] {
  const heavy = heavyCells(plan, chosen)
  const lastPieceOf = new Map<string, string>()
  const pieces: Piece[] = []
  for (const cell of plan.cells) {
    if (!isReadable(cell) || !heavy.has(cell.id)) continue
    const { program } = cell
    const needs = [...new Set(cell.needs.values())].flatMap(need => lastPieceOf.get(need) ?? [])
    const { name: step, granularity, runs } = program
    const base = { cell: cell.id, step, ...(runs !== undefined && { runs }) }
    if (granularity === 'rows' || granularity === 'runs') {
      pieces.push({ ...base, id: `${cell.id}.shards`, kind: 'shards', needs })
      pieces.push({ ...base, id: `${cell.id}.collect`, kind: 'collect', needs: [`${cell.id}.shards`] })
      lastPieceOf.set(cell.id, `${cell.id}.collect`)
    } else {
      pieces.push({ ...base, id: `${cell.id}.whole`, kind: 'whole', needs })
      lastPieceOf.set(cell.id, `${cell.id}.whole`)
    }
  }
  return pieces
}

function heavyCells(plan: Plan, chosen: ReadonlySet<string>): Set<string> {
  const heavy = new Set<string>()
  for (const cell of plan.cells.toReversed()) {
    if (!isReadable(cell) || !chosen.has(cell.id)) continue
    const isHeavy = heavy.has(cell.id) || cell.program.granularity !== 'table'
    if (!isHeavy) continue
    heavy.add(cell.id)
    for (const need of cell.needs.values()) heavy.add(need)
  }
  return heavy
}

/** How many shards the work of a piece is cut into. */
export const shardCount = ({ runs }: Piece, { shards }: { shards: number }): number => runs ?? shards
