import { MirageError } from './errors.ts'
import type { CellEvent, RunReply, RunRequest } from './protocol/messages.ts'
import { RunLog } from './run-log.ts'

interface LiveRun {
  path: string
  cells: string[]
  log: RunLog
  finished: Promise<RunReply>
  /** A client knows of it and will follow it. */
  awaited: boolean
  /** The visit that has heard how it ended. */
  heard?: number
}

/**
 * Milliseconds for which a run that has ended is kept. That a client had left is noticed a little later, and the one that
 * comes instead may be turned away at first (`ALIVE_WITHIN`) and try again.
 */
const NOTICE = 10_000

/**
 * The runs that go on, and those that ended with no client there that surely heard of it, so that the next client can take
 * them over.
 */
export class LiveRuns {
  readonly #runs = new Map<string, LiveRun>()
  #going = 0
  readonly #visit: () => number | undefined
  readonly #settled: () => void

  /** @param visit of the client that is there; `settled` is called when the last run has ended */
  constructor(visit: () => number | undefined, settled: () => void) {
    this.#visit = visit
    this.#settled = settled
  }

  get busy(): boolean {
    return this.#going > 0
  }

  /** Begins a run; `begin` is given where the run's events go, of which the first comes before it returns. */
  async add(request: RunRequest, begin: (listen: (event: CellEvent) => void) => Promise<RunReply>) {
    const log = new RunLog()
    const asked = this.#visit()
    // Who begins another run has heard how the one before ended.
    for (const [run, { path, heard }] of this.#runs) {
      if (path === request.study.path && this.#stays(heard)) this.#runs.delete(run)
    }
    let id: string | undefined
    this.#going++
    const finished = begin(event => {
      id ??= event.run
      if (event.run === id) log.listen(event)
    })
    // Whoever steps through a run is in its window: nobody else can go on with it.
    if (id !== undefined && !request.options.stepping) {
      this.#runs.set(id, { path: request.study.path, cells: request.cells, log, finished, awaited: false })
    }
    try {
      return await finished
    } finally {
      if (id !== undefined && !this.#runs.get(id)?.awaited) this.#told(id, asked)
      this.#going--
      if (this.#going === 0) this.#settled()
    }
  }

  /** The runs of a study that the client that asks has not heard of, which are kept until they are followed. */
  of(path: string): { run: string; cells: string[] }[] {
    return [...this.#runs].flatMap(([run, known]) => {
      if (known.path !== path || this.#stays(known.heard)) return []
      known.awaited = true
      return [{ run, cells: known.cells }]
    })
  }

  /** @throws MirageError `run-gone` for a run that is not known (any more) */
  async follow(run: string, tell: (event: CellEvent) => void): Promise<RunReply> {
    const known = this.#runs.get(run)
    if (!known) {
      throw new MirageError({
        code: 'run-gone',
        message: 'The run that was to be followed is over.',
        remedy: 'Its results are stored: run the cells again to see them.',
      })
    }
    const follower = this.#visit()
    for (const event of known.log.events) tell(event)
    try {
      return await known.finished
    } finally {
      this.#told(run, follower)
    }
  }

  /** Whoever has come since has not heard of it yet and is to find it, also when it comes a moment after the end. */
  #told(run: string, visit: number | undefined): void {
    const known = this.#runs.get(run)
    if (!known || !this.#stays(visit)) return
    known.heard = visit
    setTimeout(() => this.#stays(visit) && this.#runs.delete(run), NOTICE).unref()
  }

  /** Whether who was there in a visit is there still. */
  #stays(visit: number | undefined): boolean {
    return visit !== undefined && this.#visit() === visit
  }
}
