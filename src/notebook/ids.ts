import type { Cell, CodeCell, StudyDocument } from './document.ts'

const ID = /^[A-Za-z0-9][\w.-]{0,63}$/

/** Letters, digits, `_`, `.` and `-`, at most 64, the first a letter or a digit. */
export function isId(text: string): boolean {
  return ID.test(text)
}

/**
 * An id for a new cell: its step, the name of its prompt, or its kind, with a number behind it where that is taken. The
 * same cell among the same ids always gets the same one.
 */
export function newId(
  cell: Pick<CodeCell, 'kind' | 'text' | 'attributes'>,
  taken: ReadonlySet<string>,
): string {
  return untaken(baseOf(cell), taken)
}

export interface IdRepair {
  /** Index in `cells`. */
  cell: number
  /** 1-based line of the cell's opening fence, where it came from a file. */
  line?: number
  why: 'missing' | 'duplicate' | 'unusable'
  before: string
  after: string
}

/**
 * Gives an id to every code cell that has none, or one that is taken by an earlier cell or can't be used. All other ids
 * stay, and repairing twice is repairing once.
 */
export function repairIds(document: StudyDocument): { document: StudyDocument; repairs: IdRepair[] } {
  const kept = new Set<Cell>()
  const taken = new Set<string>()
  for (const cell of document.cells) {
    if (cell.kind === 'prose' || !isId(cell.id) || taken.has(cell.id)) continue
    taken.add(cell.id)
    kept.add(cell)
  }
  const repairs: IdRepair[] = []
  const cells = document.cells.map((cell, i) => {
    if (cell.kind === 'prose' || kept.has(cell)) return cell
    const why = cell.id === '' ? 'missing' : isId(cell.id) ? 'duplicate' : 'unusable'
    const id = why === 'duplicate' ? untaken(cell.id, taken) : newId(cell, taken)
    taken.add(id)
    repairs.push({
      cell: i,
      ...(cell.line !== undefined && { line: cell.line - 1 }),
      why,
      before: cell.id,
      after: id,
    })
    return { ...cell, id }
  })
  return { document: repairs.length ? { ...document, cells } : document, repairs }
}

function baseOf(cell: Pick<CodeCell, 'kind' | 'text' | 'attributes'>): string {
  const named =
    cell.kind === 'step' ? /^([A-Za-z][\w-]*)[ \t]*:/m.exec(cell.text)?.[1] : cell.attributes.prompt
  return cell.kind !== 'script' && named !== undefined && isId(named) ? named : cell.kind
}

function untaken(base: string, taken: ReadonlySet<string>): string {
  if (!taken.has(base)) return base
  // Room for the number within the longest id.
  const stem = base.replace(/-\d+$/, '').slice(0, 56)
  for (let i = 2; ; i++) if (!taken.has(`${stem}-${i}`)) return `${stem}-${i}`
}
