import { randomUUID } from 'node:crypto'
import { dirname } from 'node:path'
import type { Compute } from '../compute/compute.ts'
import { RowMemo } from '../compute/row-memo.ts'
import { type ErrorInfo, infoOf, MirageError } from '../errors.ts'
import { withPictures } from '../pictures/add-pictures.ts'
import type {
  CellEvent,
  Freshness,
  Outcome,
  Output,
  Replies,
  RunReply,
  RunRequest,
  Study,
} from '../protocol/messages.ts'
import type { RowFailure, StepContext } from '../step.ts'
import type { Store } from '../store/store.ts'
import { VERSION } from '../version.ts'
import { type Audience, drive } from './drive.ts'
import { isReadable, type PlannedCell } from './plan.ts'
import type { Language } from './program.ts'
import { redacting } from './redact.ts'
import { type CellResult, ResultBook } from './result-book.ts'
import type { RunRecord } from './run-record.ts'
import { cutAll, cutInputs, rowCount, type Shard } from './shard.ts'
import { finishedCells, idsByShard, idsOfShard, missingShards } from './shards-left.ts'
import { StageGate } from './stage-gate.ts'
import { type ReadableCell, resultKey, Standings } from './standings.ts'
import { createContext, type Inputs } from './step-context.ts'
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

interface ContextOptions {
  run?: Run
  share?: number
  part?: number
  memo?: RowMemo
  /** A job is about to compute with these packages. */
  onCompute?(packages: Readonly<Record<string, string>>): void
}

/** A running `run` request. */
interface Run {
  id: string
  request: RunRequest
  controller: AbortController
  gate: StageGate
}

/**
 * One study: runs its cells in order, one run at a time, keeps what they made, and knows which of it is stale. A cell
 * never runs on results that do not belong to the document as it stands.
 */
export class Session {
  readonly #options: SessionOptions
  readonly #book: ResultBook
  readonly #taken = new Map<string, string>()
  readonly #last = new Map<string, { key: string; failed: RowFailure[] }>()
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
    const id = request.options.run ?? randomUUID()
    const run: Run = { id, request, controller: new AbortController(), gate: new StageGate() }
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
    const standings = this.#standings(study)
    const found: { [cell: string]: Freshness } = {}
    for (const cell of standings.plan.cells) {
      const last = await this.#options.record.lastKey(cell.id)
      const { key } = await standings.of(cell)
      if (last === undefined) found[cell.id] = 'never'
      else found[cell.id] = key === last ? 'fresh' : 'stale'
    }
    return found
  }

  async results(study: Study): Promise<Replies['results']> {
    const standings = this.#standings(study)
    const results: Replies['results']['results'] = []
    for (const cell of standings.plan.cells) {
      const { result } = await standings.of(cell)
      if (!result?.value || !isReadable(cell) || !cell.program.defines) continue
      results.push(summarise(cell.program.defines, cell.id, await this.#book.getValue(result.value)))
    }
    return { results }
  }

  /**
   * The cells whose results are there, whoever made them, with the results' keys.
   *
   * @param settled cells that a result which the tasks of a cluster have handed on is enough for, even with rows missing
   */
  finished(study: Study, settled: ReadonlySet<string> = new Set()): Promise<Map<string, string>> {
    return finishedCells(this.#standings(study, { settled }), settled)
  }

  /**
   * From now on these results stand for their cells, without a look at what they were made from: a task of a cluster
   * does not go through all images again, and works on those that there were when the study was submitted.
   */
  take(results: Iterable<readonly [cell: string, key: string]>): void {
    for (const [cell, key] of results) this.#taken.set(cell, key)
  }

  /** Key of the result that a cell had last in this session. */
  keyOf(cell: string): string | undefined {
    return this.#last.get(cell)?.key
  }

  /** Rows that a cell could not work on when it ran last in this session. */
  failedRows(cell: string): RowFailure[] {
    return this.#last.get(cell)?.failed ?? []
  }

  /**
   * Which of `count` shards of a cell have rows and no result yet; undefined while the cell's inputs are missing.
   *
   * @param finished what `finished` has said, so that it need not be found out again
   */
  missingShards(
    study: Study,
    cellId: string,
    count: number,
    finished?: ReadonlyMap<string, string>,
  ): Promise<number[] | undefined> {
    return missingShards(this.#standings(study, { finished }), this.#book, cellId, {
      count,
      seed: study.seed,
    })
  }

  /** Image ids that each of `count` shards of a cell works on; undefined where no rows are cut, and while inputs are missing. */
  shardIds(study: Study, cellId: string, count: number): Promise<string[][] | undefined> {
    return idsByShard(this.#standings(study), cellId, count)
  }

  /** Image ids that one shard of a cell works on; undefined while its inputs are missing. */
  idsOf(study: Study, cellId: string, shard: Shard): Promise<string[] | undefined> {
    return idsOfShard(this.#standings(study), cellId, shard)
  }

  #standings(
    study: Study,
    {
      run,
      finished = this.#taken,
      settled,
    }: { run?: Run; finished?: ReadonlyMap<string, string>; settled?: ReadonlySet<string> } = {},
  ): Standings {
    const { language } = this.#options
    const context = (cell: ReadableCell, inputs: Inputs) => this.#context(cell, inputs, study, { run })
    return new Standings({ study, language, book: this.#book, taken: finished, settled, context })
  }

  async #runAll(run: Run): Promise<RunReply> {
    const { request } = run
    const wanted = new Set(request.cells)
    const standings = this.#standings(request.study, { run })
    const reply: RunReply = { run: run.id, succeeded: [], failed: [], cancelled: [] }
    for (const cell of standings.plan.cells.filter(({ id }) => wanted.has(id))) {
      const stop = run.controller.signal.aborted || (reply.failed.length > 0 && !request.options.keepGoing)
      const outcome: Outcome = stop ? { kind: 'cancelled' } : await this.#runCell(run, cell, standings)
      this.#emit(run, cell.id, { type: 'ended', at: Date.now(), outcome })
      reply[outcome.kind].push(cell.id)
    }
    if (request.options.record) await this.#options.record.finish(request.study)
    return reply
  }

  async #runCell(run: Run, cell: PlannedCell, standings: Standings): Promise<Outcome> {
    const started = Date.now()
    this.#emit(run, cell.id, { type: 'started', at: started })
    const text = run.request.study.cells.find(({ id }) => id === cell.id)?.text ?? ''
    try {
      if (!isReadable(cell)) throw new MirageError(cell.error)
      const { result, cached, edited } = await this.#make(run, cell, standings)
      if (run.request.options.record && !edited) {
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
    cell: ReadableCell,
    standings: Standings,
  ): Promise<{ result: CellResult; cached: boolean; edited?: boolean }> {
    const { study, options } = run.request
    const whole = await standings.inputsOf(cell)
    const byRows = options.shard !== undefined && cell.program.runs === undefined
    const part = byRows ? undefined : options.shard?.index
    const inputs = byRows ? cutInputs(whole, options.shard!) : whole
    const share = byRows ? (rowCount(inputs) ?? 1) / Math.max(1, rowCount(whole) ?? 1) : undefined
    const memo = options.shard || options.parts ? new RowMemo() : undefined
    const packages: Record<string, string> = { mirage: VERSION }
    const context = this.#context(cell, inputs, study, {
      run,
      share,
      part,
      memo,
      onCompute: versions => Object.assign(packages, versions),
    })
    const fingerprint = await cell.program.fingerprint(context)
    const key = resultKey(cell.program, inputs, fingerprint, study.seed, part)
    const known = options.force || options.stepping ? undefined : await this.#known(key, options)
    this.#last.set(cell.id, { key, failed: known?.failed ?? [] })
    if (known) {
      standings.set(cell.id, { key, result: known })
      this.#emit(run, cell.id, { type: 'cached' })
      for (const text of known.notes) this.#emit(run, cell.id, { type: 'note', text })
      return { result: known, cached: true }
    }

    const started = Date.now()
    if (memo && options.parts && cell.program.runs === undefined) {
      for (const part of cutAll(whole, options.parts)) {
        const done = await this.#book.findHanded(resultKey(cell.program, part, fingerprint, study.seed))
        if (!done) continue
        await this.#book.recall(done, memo)
        Object.assign(packages, done.lock.packages)
      }
    }
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
        // Going through a stage once more changes nothing.
        if (edit && !edit.restart) edited = true
        return edit
      },
    }
    const { signal } = run.controller
    const made = await drive(cell.program.run(context), audience, signal)
    const { value, lock, cacheable, failed = [] } = made
    this.#last.set(cell.id, { key, failed })
    const outputs = edited || options.shard ? made.outputs : await this.#withPictures(made.outputs, signal)
    const result: CellResult = {
      key,
      value: value && (await this.#book.putValue(value)),
      outputs: notes.length ? [...outputs, notesOutput(notes)] : outputs,
      ...(memo && options.shard && { memo: await this.#book.putMemo(memo) }),
      notes,
      ...(failed.length > 0 && { failed }),
      ...((cacheable === false || failed.length > 0) && { provisional: true }),
      lock: {
        step: cell.program.name,
        version: cell.program.version,
        params: cell.program.params,
        inputs: Object.fromEntries([...inputs].map(([name, { hash }]) => [name, hash])),
        fingerprint,
        seed: study.seed,
        settings: lock ?? {},
        packages,
      },
      milliseconds: Date.now() - started,
      finished: new Date().toISOString(),
    }
    // What a person changed on the way is shown, and is nothing that another cell or a later run may build on.
    if (edited) return { result, cached: false, edited }
    await this.#book.keep(result, { handOn: memo !== undefined })
    standings.set(cell.id, { key, result })
    return { result, cached: false }
  }

  /** What only one shard has made, or what is not kept, is seen by nobody who would need a picture. */
  #withPictures(outputs: Output[], signal: AbortSignal): Promise<Output[]> {
    const { compute, store, log } = this.#options
    return withPictures(outputs, { compute, store, signal, log })
  }

  /** The stored result that need not be made again. */
  async #known(key: string, { settled }: RunRequest['options']): Promise<CellResult | undefined> {
    const final = await this.#book.findFinal(key)
    if (final || !settled) return final
    const handed = await this.#book.findHanded(key)
    return handed?.failed ? handed : undefined
  }

  #context(
    cell: ReadableCell,
    inputs: Inputs,
    study: Study,
    { run, share, part, memo, onCompute }: ContextOptions,
  ): StepContext {
    const { path, store, env, redact } = this.#options
    const compute = redacting(this.#options.compute, redact)
    const options = run?.request.options
    return createContext({
      inputs,
      folder: dirname(path),
      cell: cell.id,
      seed: study.seed,
      signal: run?.controller.signal ?? new AbortController().signal,
      store,
      compute: { ...(onCompute ? telling(compute, onCompute) : compute), memo },
      stepping: options?.stepping ?? false,
      offline: options?.offline ?? false,
      spend: options?.spend,
      replay: options?.replay,
      share,
      part,
      env,
    })
  }

  #explain(error: unknown, cell: string): ErrorInfo {
    const { log, redact } = this.#options
    if (!(error instanceof MirageError)) log(redact((error as Error | undefined)?.stack ?? String(error)))
    const { lasting: _, ...info } = infoOf(error)
    return { ...info, cell, message: redact(info.message), remedy: info.remedy && redact(info.remedy) }
  }

  #emit(run: Run, cell: string, event: BareEvent): void {
    this.#options.emit({ run: run.id, path: this.#options.path, cell, ...event } as CellEvent)
  }
}

/** Compute that tells with which packages it does a job. */
function telling(compute: Compute, onCompute: NonNullable<ContextOptions['onCompute']>): Compute {
  return {
    ...compute,
    run(job, params, options) {
      onCompute(compute.packages?.() ?? {})
      return compute.run(job, params, options)
    },
  }
}

/** Remarks stay with the result and are shown like any other output. */
function notesOutput(notes: string[]): CellResult['outputs'][number] {
  return { id: 'notes', items: [{ mime: 'text/plain', text: notes.map(note => `Note: ${note}`).join('\n') }] }
}
