import { randomUUID } from 'node:crypto'
import { dirname } from 'node:path'
import type { Compute } from '../compute/compute.ts'
import { type ErrorInfo, MirageError } from '../errors.ts'
import type {
  CellEvent,
  Freshness,
  Outcome,
  Replies,
  RunReply,
  RunRequest,
  Study,
} from '../protocol/messages.ts'
import type { StepContext } from '../step.ts'
import { hashOf } from '../store/canonical.ts'
import type { Store } from '../store/store.ts'
import type { Value } from '../value.ts'
import { type Audience, drive } from './drive.ts'
import { isReadable, type PlannedCell, planStudy } from './plan.ts'
import type { Language, Program } from './program.ts'
import { type CellResult, ResultBook } from './result-book.ts'
import type { RunRecord } from './run-record.ts'
import { rowsOfShard, type Shard } from './shard.ts'
import { StageGate } from './stage-gate.ts'
import { summarise } from './summary.ts'

export interface SessionOptions {
  /** Absolute path of the study. */
  path: string
  store: Store
  compute: Compute
  language: Language
  record: RunRecord
  env: Readonly<{ [name: string]: string | undefined }>
  emit(event: CellEvent): void
  /** A bug's stack; never shown as an output. */
  log(line: string): void
  /** Removes every key of the user from a text. */
  redact(text: string): string
}

type BareEvent = CellEvent extends infer E
  ? E extends CellEvent
    ? Omit<E, 'run' | 'path' | 'cell'>
    : never
  : never

/** A running `run` request. */
interface Run {
  id: string
  request: RunRequest
  controller: AbortController
  gate: StageGate
}

/** What a cell reads, by name. */
type Inputs = Map<string, { value: Value; hash: string }>

/** Where a cell stands: its key once everything that it reads has a result. */
interface Standing {
  key?: string
  result?: CellResult
}

/**
 * One study: runs its cells in order, one run at a time, keeps what they made, and knows which of it is stale. A cell
 * never runs on results that do not belong to the document as it stands.
 */
export class Session {
  readonly #options: SessionOptions
  readonly #book: ResultBook
  #tail: Promise<unknown> = Promise.resolve()
  #run: Run | undefined
  /** Runs that wait for their turn. */
  readonly #waiting = new Set<Run>()

  constructor(options: SessionOptions) {
    this.#options = options
    this.#book = new ResultBook(options.store)
  }

  /** Runs cells one after the other; stops at the first failure unless asked to keep going. */
  run(request: RunRequest): Promise<RunReply> {
    const run: Run = { id: randomUUID(), request, controller: new AbortController(), gate: new StageGate() }
    this.#waiting.add(run)
    for (const cell of request.cells) this.#emit(run, cell, { type: 'queued' })
    const finished = this.#tail.then(async () => {
      this.#waiting.delete(run)
      this.#run = run
      try {
        return await this.#runAll(run)
      } finally {
        this.#run = undefined
      }
    })
    this.#tail = finished.catch(() => {})
    return finished
  }

  /** Cancels the running cell and everything that waits. */
  interrupt(): void {
    for (const run of [...this.#waiting, ...(this.#run ? [this.#run] : [])]) {
      run.controller.abort(new DOMException('Interrupted', 'AbortError'))
      run.gate.close()
    }
  }

  /** The gate of the run, when it is the one that is running. */
  gate(run: string): StageGate | undefined {
    return this.#run?.id === run ? this.#run.gate : undefined
  }

  async freshness(study: Study): Promise<{ [cell: string]: Freshness }> {
    const standings = new Map<string, Standing>()
    const found: { [cell: string]: Freshness } = {}
    for (const cell of planStudy(study.cells, this.#options.language).cells) {
      const last = await this.#options.record.lastKey(cell.id)
      const { key } = await this.#standing(cell, study, standings)
      if (last === undefined) found[cell.id] = 'never'
      else found[cell.id] = key === last ? 'fresh' : 'stale'
    }
    return found
  }

  async results(study: Study): Promise<Replies['results']> {
    const standings = new Map<string, Standing>()
    const results: Replies['results']['results'] = []
    for (const cell of planStudy(study.cells, this.#options.language).cells) {
      const { result } = await this.#standing(cell, study, standings)
      if (!result?.value || !isReadable(cell) || !cell.program.defines) continue
      results.push(summarise(cell.program.defines, cell.id, await this.#book.getValue(result.value)))
    }
    return { results }
  }

  async #runAll(run: Run): Promise<RunReply> {
    const { request } = run
    const plan = planStudy(request.study.cells, this.#options.language)
    const wanted = new Set(request.cells)
    const reply: RunReply = { run: run.id, succeeded: [], failed: [], cancelled: [] }
    const standings = new Map<string, Standing>()
    for (const cell of plan.cells.filter(({ id }) => wanted.has(id))) {
      const stop = run.controller.signal.aborted || (reply.failed.length > 0 && !request.options.keepGoing)
      const outcome: Outcome = stop ? { kind: 'cancelled' } : await this.#runCell(run, cell, standings)
      this.#emit(run, cell.id, { type: 'ended', at: Date.now(), outcome })
      reply[outcome.kind].push(cell.id)
    }
    if (request.options.record) await this.#options.record.finish(request.study)
    return reply
  }

  async #runCell(run: Run, cell: PlannedCell, standings: Map<string, Standing>): Promise<Outcome> {
    const started = Date.now()
    this.#emit(run, cell.id, { type: 'started', at: started })
    const text = run.request.study.cells.find(({ id }) => id === cell.id)?.text ?? ''
    try {
      if (!isReadable(cell)) throw new MirageError(cell.error)
      const { result, cached } = await this.#make(run, cell, standings)
      if (run.request.options.record) {
        await this.#options.record.succeeded(cell.id, text, cell.program.defines, result)
      }
      this.#emit(run, cell.id, { type: 'outputs', outputs: result.outputs })
      return { kind: 'succeeded', cached, milliseconds: Date.now() - started }
    } catch (error) {
      if (run.controller.signal.aborted) return { kind: 'cancelled' }
      const info = this.#explain(error, cell.id)
      if (run.request.options.record) await this.#options.record.failed(cell.id, text, info)
      return { kind: 'failed', error: info }
    }
  }

  async #make(
    run: Run,
    cell: Extract<PlannedCell, { program: Program }>,
    standings: Map<string, Standing>,
  ): Promise<{ result: CellResult; cached: boolean }> {
    const { study, options } = run.request
    const whole = await this.#inputs(cell, study, standings)
    const inputs = options.shard ? cut(whole, options.shard) : whole
    const context = this.#context(cell, inputs, study, run)
    const fingerprint = await cell.program.fingerprint(context)
    const key = keyOf(cell.program, inputs, fingerprint, study.seed)
    const known = options.force || options.stepping ? undefined : await this.#book.find(key)
    if (known) {
      standings.set(cell.id, { key, result: known })
      this.#emit(run, cell.id, { type: 'cached' })
      for (const text of known.notes) this.#emit(run, cell.id, { type: 'note', text })
      return { result: known, cached: true }
    }

    const started = Date.now()
    const notes: string[] = []
    let edited = false
    const audience: Audience = {
      progress: progress => this.#emit(run, cell.id, { type: 'progress', ...progress }),
      output: ({ output }) => this.#emit(run, cell.id, { type: 'output', output }),
      note: text => {
        notes.push(text)
        this.#emit(run, cell.id, { type: 'note', text })
      },
      stage: async stage => {
        const waiting = options.stepping && run.gate.waitsAt(stage)
        this.#emit(run, cell.id, { type: 'stage', ...stage, waiting })
        const edit = waiting ? await run.gate.wait() : undefined
        if (edit) edited = true
        return edit
      },
    }
    const { signal } = run.controller
    const { value, outputs, lock, cacheable } = await drive(cell.program.run(context), audience, signal)
    const result: CellResult = {
      key,
      value: value && (await this.#book.putValue(value)),
      outputs: notes.length ? [...outputs, notesOutput(notes)] : outputs,
      notes,
      lock: {
        step: cell.program.name,
        version: cell.program.version,
        params: cell.program.params,
        inputs: Object.fromEntries([...inputs].map(([name, { hash }]) => [name, hash])),
        fingerprint,
        seed: study.seed,
        settings: lock ?? {},
      },
      milliseconds: Date.now() - started,
      finished: new Date().toISOString(),
    }
    await this.#book.keep(result, { cacheable: cacheable !== false && !edited })
    standings.set(cell.id, { key, result })
    return { result, cached: false }
  }

  async #inputs(
    cell: Extract<PlannedCell, { program: Program }>,
    study: Study,
    standings: Map<string, Standing>,
  ): Promise<Inputs> {
    const plan = planStudy(study.cells, this.#options.language)
    const inputs: Inputs = new Map()
    for (const [name, id] of cell.needs) {
      const source = plan.cells.find(candidate => candidate.id === id)
      const standing = source && (await this.#standing(source, study, standings))
      if (!standing?.result?.value) throw notReady(name, id, cell.id)
      inputs.set(name, {
        value: await this.#book.getValue(standing.result.value),
        hash: standing.result.value,
      })
    }
    return inputs
  }

  /** The cell's key and stored result, or neither while something that it reads has none. */
  async #standing(cell: PlannedCell, study: Study, known: Map<string, Standing>): Promise<Standing> {
    const before = known.get(cell.id)
    if (before) return before
    let standing: Standing = {}
    if (isReadable(cell)) {
      try {
        const inputs = await this.#inputs(cell, study, known)
        const fingerprint = await cell.program.fingerprint(this.#context(cell, inputs, study))
        const key = keyOf(cell.program, inputs, fingerprint, study.seed)
        standing = { key, result: await this.#book.find(key) }
      } catch (error) {
        // A missing file or an input that was never made: the cell has no standing, and running it says why.
        if (!(error instanceof MirageError)) throw error
      }
    }
    known.set(cell.id, standing)
    return standing
  }

  #context(
    cell: Extract<PlannedCell, { program: Program }>,
    inputs: Inputs,
    study: Study,
    run?: Run,
  ): StepContext {
    const { path, store, compute, env } = this.#options
    const need = (name: string) => {
      const input = inputs.get(name)
      if (input) return input
      throw new MirageError({
        code: 'result-unknown',
        message: `No earlier cell defines "${name}".`,
        remedy: `Results that this cell can read: ${[...inputs.keys()].join(', ') || 'none'}.`,
        cell: cell.id,
      })
    }
    return {
      folder: dirname(path),
      cell: cell.id,
      seed: study.seed,
      signal: run?.controller.signal ?? new AbortController().signal,
      store,
      compute,
      stepping: run?.request.options.stepping ?? false,
      offline: run?.request.options.offline ?? false,
      replay: run?.request.options.replay,
      shard: run?.request.options.shard,
      env,
      hasInput: name => inputs.has(name),
      inputHash: name => need(name).hash,
      input<K extends Value['kind']>(name: string, kind: K): Extract<Value, { kind: K }> {
        const { value } = need(name)
        if (value.kind === kind) return value as Extract<Value, { kind: K }>
        throw new MirageError({
          code: 'result-kind',
          message: `"${name}" is a ${value.kind}, and a ${kind} is needed here.`,
          remedy: `Name a result of kind ${kind}.`,
          cell: cell.id,
        })
      },
    }
  }

  #explain(error: unknown, cell: string): ErrorInfo {
    if (error instanceof MirageError) {
      const { message, remedy } = error.info
      const { redact } = this.#options
      return { ...error.info, cell, message: redact(message), remedy: remedy && redact(remedy) }
    }
    const { message, stack } = error instanceof Error ? error : { message: String(error), stack: '' }
    this.#options.log(this.#options.redact(stack ?? message))
    return {
      code: 'internal',
      message: this.#options.redact(`Something in Mirage itself went wrong: ${message}`),
      remedy: 'Please report it with the log (Output > Mirage, or the lines above).',
      cell,
    }
  }

  #emit(run: Run, cell: string, event: BareEvent): void {
    this.#options.emit({ run: run.id, path: this.#options.path, cell, ...event } as CellEvent)
  }
}

/** The part of every input table that a shard works on, under hashes of its own. */
function cut(whole: Inputs, shard: Shard): Inputs {
  const part: Inputs = new Map()
  for (const [name, { value, hash }] of whole) {
    if (value.kind !== 'table') part.set(name, { value, hash })
    else part.set(name, { value: rowsOfShard(value, shard), hash: `${hash} ${shard.index}/${shard.count}` })
  }
  return part
}

function keyOf(
  program: Program,
  inputs: Map<string, { hash: string }>,
  fingerprint: unknown,
  seed: number,
): string {
  const { name, version, params } = program
  const read = Object.fromEntries([...inputs].map(([input, { hash }]) => [input, hash]))
  return hashOf({ name, version, params, read, fingerprint, seed })
}

function notReady(name: string, source: string, cell: string): MirageError {
  return new MirageError({
    code: 'input-not-ready',
    message: `"${name}" has no result that belongs to the study as it stands.`,
    remedy: `Run the cell "${source}" first; it was never run, failed, or changed since.`,
    cell,
  })
}

/** Remarks stay with the result and are shown like any other output. */
function notesOutput(notes: string[]): CellResult['outputs'][number] {
  return { id: 'notes', items: [{ mime: 'text/plain', text: notes.map(note => `Note: ${note}`).join('\n') }] }
}
