import { MirageError } from '../errors.ts'
import type { Study } from '../protocol/messages.ts'
import type { Fingerprint, StepContext } from '../step.ts'
import { hashOf } from '../store/canonical.ts'
import { isReadable, type Plan, type PlannedCell, planStudy } from './plan.ts'
import type { Language, Program } from './program.ts'
import type { CellResult, ResultBook } from './result-book.ts'
import type { Inputs } from './step-context.ts'

/** A cell that could be read. */
export type ReadableCell = Extract<PlannedCell, { program: Program }>

/** Where a cell stands: its key once everything that it reads has a result, and its own result under that key. */
export interface Standing {
  key?: string
  result?: CellResult
}

export interface StandingsOptions {
  study: Study
  language: Language
  book: ResultBook
  /** Keys of results that stand for their cells without a look at what they were made from. */
  taken: ReadonlyMap<string, string>
  /** Cells whose result may be a provisional one that a task of the cluster has handed on. */
  settled?: ReadonlySet<string>
  /** The context in which a cell's fingerprint is taken. */
  context(cell: ReadableCell, inputs: Inputs): StepContext
}

/** What is known of each cell of one version of a study. */
export class Standings {
  readonly plan: Plan
  readonly #options: StandingsOptions
  readonly #known = new Map<string, Standing>()

  constructor(options: StandingsOptions) {
    this.#options = options
    this.plan = planStudy(options.study.cells, options.language)
  }

  set(cell: string, standing: Standing): void {
    this.#known.set(cell, standing)
  }

  /** A missing file or an input that was never made gives neither key nor result; running the cell says why. */
  async of(cell: PlannedCell): Promise<Standing> {
    const before = this.#known.get(cell.id)
    if (before) return before
    const key = this.#options.taken.get(cell.id)
    const result = key && (await this.#options.book.findHanded(key))
    let standing: Standing = result ? { key, result } : {}
    if (!result && isReadable(cell)) {
      try {
        const inputs = await this.inputsOf(cell)
        const fingerprint = await this.fingerprintOf(cell, inputs)
        const key = resultKey(cell.program, inputs, fingerprint, this.#options.study.seed)
        const { book, settled } = this.#options
        standing = { key, result: await (settled?.has(cell.id) ? book.findHanded(key) : book.find(key)) }
      } catch (error) {
        if (!(error instanceof MirageError)) throw error
      }
    }
    this.#known.set(cell.id, standing)
    return standing
  }

  /** @throws MirageError `input-not-ready` naming the cell to run first. */
  async inputsOf(cell: ReadableCell): Promise<Inputs> {
    const inputs: Inputs = new Map()
    for (const [name, id] of cell.needs) {
      const source = this.plan.cells.find(candidate => candidate.id === id)
      const standing = source && (await this.of(source))
      const hash = standing?.result?.value
      if (!hash) throw notReady(name, id, cell.id)
      inputs.set(name, { value: await this.#options.book.getValue(hash), hash })
    }
    return inputs
  }

  /** What the cell depends on outside of the document. */
  fingerprintOf(cell: ReadableCell, inputs: Inputs): Promise<Fingerprint> {
    return cell.program.fingerprint(this.#options.context(cell, inputs))
  }
}

/**
 * Hash of everything that makes a result what it is.
 *
 * @param run the one job that was done of a program that is several
 */
export function resultKey(
  program: Program,
  inputs: Inputs,
  fingerprint: Fingerprint,
  seed: number,
  run?: number,
): string {
  const { name, version, params } = program
  const read = Object.fromEntries([...inputs].map(([input, { hash }]) => [input, hash]))
  return hashOf({ name, version, params, read, fingerprint, seed, run })
}

function notReady(name: string, source: string, cell: string): MirageError {
  return new MirageError({
    code: 'input-not-ready',
    message: `"${name}" has no result that belongs to the study as it stands.`,
    remedy: `Run the cell "${source}" first; it was never run, failed, or changed since.`,
    cell,
  })
}
