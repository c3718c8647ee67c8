import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import * as z from 'zod'
import { cancelOnCluster, runOnCluster } from './cluster/cluster-run.ts'
import { piecesOf } from './cluster/pieces.ts'
import { profileOf } from './cluster/profile-file.ts'
import { Reporter } from './cluster/report.ts'
import { words } from './cluster/shell.ts'
import { slurm } from './cluster/slurm.ts'
import { knownResults, tellNext } from './cluster/task-files.ts'
import { TEMPLATES } from './cluster/templates.ts'
import { ComputePool } from './compute/pool.ts'
import { doctor } from './doctor.ts'
import { MirageError } from './errors.ts'
import { unpackReplay } from './judge/answers/replay.ts'
import { describePrompts } from './judge/prompts/describe.ts'
import { LiveRuns } from './live-runs.ts'
import { METRICS } from './metrics/registry.ts'
import { addModel, removeModel } from './models/add.ts'
import { addProvider } from './models/add-provider.ts'
import { CATALOG } from './models/catalog.ts'
import { probeProvider, providerName } from './models/probe.ts'
import { PROVIDERS } from './models/providers.ts'
import { modelSummaries } from './models/summary.ts'
import type { CellEvent, Replies, RequestName, RunReply, RunRequest, requests } from './protocol/messages.ts'
import { PROTOCOL_VERSION } from './protocol/messages.ts'
import { openCollection } from './rating/collection.ts'
import { packStudy } from './session/pack-study.ts'
import { planStudy } from './session/plan.ts'
import type { Language } from './session/program.ts'
import { redactor, withoutSecrets } from './session/redact.ts'
import { createRunRecord, type RunRecord } from './session/run-record.ts'
import { savedOutputs } from './session/saved-outputs.ts'
import { Session } from './session/session.ts'
import { byReason, runShard } from './session/shard-run.ts'
import { verify } from './session/verify.ts'
import { exportStudy } from './share/export-study.ts'
import { STEPS } from './steps/index.ts'
import { promptCell } from './steps/prompt.ts'
import { scriptCell } from './steps/script.ts'
import { createFolderStore } from './store/folder-store.ts'
import { sniffMime } from './store/sniff.ts'
import type { Store } from './store/store.ts'
import { wish } from './train/control.ts'
import { VERSION } from './version.ts'

export interface KernelOptions {
  /** The compute bundle. */
  computeEntry: string
  /** Folder of what is shipped: `models/`. */
  assets: string
  /** The words that start this installation's command line. */
  installation: readonly string[]
  emit(event: CellEvent): void
  log(line: string): void
  /** The number of the visit of the client that hears what is emitted; none while nobody is there. */
  visit?(): number | undefined
  /** The last run has ended. */
  settled?(): void
}

/** Time between two reports of how much of a file has arrived. */
const ARRIVAL_MILLISECONDS = 250

const LANGUAGE: Language = { steps: STEPS, prompt: promptCell, script: scriptCell(STEPS) }

type Parsed<K extends RequestName> = z.output<(typeof requests)[K]>
type Handlers = { [K in RequestName]: (params: Parsed<K>) => Promise<Replies[K]> }

/** Everything that the kernel remembers: sessions by study, the compute pool, the user's environment. */
export class Kernel {
  readonly #options: KernelOptions
  readonly #pool: ComputePool
  readonly #sessions = new Map<string, Session>()
  readonly #verifying = new Map<string, Session>()
  readonly #clusterRuns = new Set<{ path: string; stop: AbortController }>()
  readonly #live: LiveRuns
  readonly #env: Record<string, string | undefined> = { ...process.env }
  readonly redact = redactor(() => this.#env)

  constructor(options: KernelOptions) {
    this.#options = options
    this.#live = new LiveRuns(options.visit ?? (() => 1), () => options.settled?.())
    this.#pool = new ComputePool({
      entry: options.computeEntry,
      env: withoutSecrets(process.env),
      log: line => options.log(this.redact(line)),
    })
  }

  handle<K extends RequestName>(name: K, params: Parsed<K>): Promise<Replies[K]> {
    return this.#handlers[name](params)
  }

  /** Starts the process that the first cell will want, while the client is still making up its request. */
  warm(): void {
    this.#pool.warm('cpu')
  }

  /** Something runs. */
  get busy(): boolean {
    return this.#live.busy || this.#clusterRuns.size > 0
  }

  interruptAll(): void {
    for (const session of this.#sessions.values()) session.interrupt()
  }

  close(): void {
    this.interruptAll()
    this.#pool.close()
  }

  readonly #handlers: Handlers = {
    initialize: async ({ protocol, env }) => {
      if (protocol !== PROTOCOL_VERSION) {
        throw new MirageError({
          code: 'protocol-version',
          message: `The client speaks protocol ${protocol}, this kernel ${PROTOCOL_VERSION}.`,
          remedy: 'Restart both from the same installation of Mirage.',
        })
      }
      Object.assign(this.#env, env)
      return { protocol: PROTOCOL_VERSION, version: VERSION, node: process.version }
    },
    run: request => this.#live.add(request, listen => this.#run(request, listen)),
    attach: async ({ path }) => ({ runs: this.#live.of(path) }),
    follow: ({ run }) => this.#live.follow(run, event => this.#options.emit(event)),
    cluster: params => this.#cluster(params),
    verify: async request => {
      const { path } = request.study
      const store = createFolderStore(storeRoot(path))
      const open = (scratch: Store, record: RunRecord) => {
        const session = this.#open(path, scratch, record)
        this.#verifying.set(path, session)
        return session
      }
      try {
        return { cells: await verify({ request, store, open }) }
      } finally {
        this.#verifying.delete(path)
      }
    },
    interrupt: async ({ path }) => {
      for (const run of this.#clusterRuns) {
        if (run.path === path) run.stop.abort(new DOMException('Interrupted', 'AbortError'))
      }
      this.#sessions.get(path)?.interrupt()
      this.#verifying.get(path)?.interrupt()
      return {}
    },
    freshness: async ({ study }) => ({ cells: await this.#session(study.path).freshness(study) }),
    results: ({ study }) => this.#session(study.path).results(study),
    describe: async () => ({
      steps: Object.values(STEPS).map(({ name, summary, params }) => ({
        name,
        summary,
        schema: z.toJSONSchema(params, { io: 'input', unrepresentable: 'any' }) as Record<string, unknown>,
      })),
      models: Object.keys(CATALOG),
      metrics: METRICS.map(({ name, summary }) => ({ name, summary })),
      providers: Object.keys(PROVIDERS),
      prompts: describePrompts(),
    }),
    outputs: async ({ path }) => ({ cells: await savedOutputs(path) }),
    jobTemplate: async ({ study, engine, profile: file }) => {
      const profile = await profileOf(study, file)
      const pieces = piecesOf(planStudy(study.cells, LANGUAGE), new Set(study.cells.map(({ id }) => id)))
      const files = TEMPLATES[engine]({
        pieces,
        profile,
        study: study.path,
        command: profile.command ?? words(this.#options.installation),
      })
      return { files }
    },
    export: ({ path, format, to }) =>
      exportStudy({
        study: path,
        format,
        to,
        store: createFolderStore(storeRoot(path)),
        assets: this.#options.assets,
      }),
    replay: async ({ path, action, bundle }) => {
      const store = createFolderStore(storeRoot(path))
      const answers =
        action === 'pack' ? await packStudy(path, store, bundle) : await unpackReplay(store, bundle)
      return { answers }
    },
    object: async ({ path, hash }) => {
      const store = createFolderStore(storeRoot(path))
      const file = store.objectPath(hash)
      return { path: file, mime: await sniffMime(file) }
    },
    continue: async ({ run, action, edit }) => {
      for (const session of this.#sessions.values()) {
        if (action === 'stop' && session.gate(run)) session.interrupt()
        else session.gate(run)?.release(action, edit)
      }
      return {}
    },
    training: async ({ path, run, action }) => {
      await wish(createFolderStore(storeRoot(path)), run, action === 'resume' ? 'run' : action)
      return {}
    },
    rate: async ({ path, session, rater, answer }) => {
      const collection = await openCollection(createFolderStore(storeRoot(path)), session, dirname(path))
      if (answer) collection.keep(rater, answer)
      return { ratings: collection.ratingsOf(rater) }
    },
    models: async () => ({ models: await modelSummaries(this.#options.assets) }),
    addModel: async ({ sha256, offline, ...request }) => {
      let told = 0
      const onProgress = (bytes: number, of = 0) => {
        if (Date.now() - told < ARRIVAL_MILLISECONDS && bytes !== of) return
        told = Date.now()
        const event = { type: 'progress', done: bytes / 1e6, total: of / 1e6, label: 'MB' } as const
        this.#options.emit({ run: 'models', path: '', cell: request.id, ...event })
      }
      return addModel(request, { sha256, offline, onProgress })
    },
    removeModel: async ({ id }) => {
      await removeModel(id)
      return {}
    },
    addProvider: async ({ name: asked, from }) => {
      const name = providerName(asked)
      await addProvider(name, { from })
      const compute = this.#pool.over(join(tmpdir(), 'mirage-doctor'))
      compute.probed?.clear()
      const { works, reason } = await probeProvider(compute, name, new AbortController().signal)
      return { name, works, needs: PROVIDERS[name].needs, ...(reason !== undefined && { reason }) }
    },
    doctor: async () => {
      const compute = this.#pool.over(join(tmpdir(), 'mirage-doctor'))
      return { report: await doctor({ compute, assets: this.#options.assets, env: this.#env }) }
    },
    vitals: async () => {
      const { provider, probed, rss } = await this.#pool.vitals()
      const providers = probed.map(({ name, works, reason }) => ({ name, works, reason }))
      return { provider, providers, memory: { kernel: process.memoryUsage.rss(), compute: rss } }
    },
    shutdown: async () => {
      setImmediate(() => {
        this.close()
        process.exit(0)
      })
      return {}
    },
  }

  readonly #listeners = new Set<(event: CellEvent) => void>()

  readonly #emit = (event: CellEvent): void => {
    for (const listen of this.#listeners) listen(event)
    this.#options.emit(event)
  }

  /** A run; one of a cluster's tasks also tells the shared store how it goes. */
  async #run(request: RunRequest, hear: (event: CellEvent) => void): Promise<RunReply> {
    const { path } = request.study
    const { shard, report } = request.options
    const session = this.#session(path)
    const store = createFolderStore(storeRoot(path))
    const reporter = report ? new Reporter(store, report) : undefined
    if (report) session.take(await knownResults(store, report))
    const listen = (event: CellEvent) => {
      hear(event)
      reporter?.listen(event)
    }
    this.#listeners.add(listen)
    try {
      const { reply, rows } = shard
        ? await runShard(session, request, shard)
        : { reply: await session.run(request), rows: [] }
      const failed = reply.failed.length > 0 || reply.cancelled.length > 0
      const [cell] = request.cells
      await reporter?.finish(failed, failed ? [] : byReason(session.failedRows(cell)), rows)
      if (report && !shard && !failed) await tellNext(store, report, cell, { session, study: request.study })
      return reply
    } finally {
      this.#listeners.delete(listen)
    }
  }

  async #cluster({ request, profile: file, action }: Parsed<'cluster'>): Promise<Replies['cluster']> {
    const { path } = request.study
    const store = createFolderStore(storeRoot(path))
    if (action === 'cancel') {
      const found = await cancelOnCluster(store, slurm, path)
      if (!found) {
        throw new MirageError({
          code: 'submission-missing',
          message: 'This study was never submitted from this folder.',
          remedy: 'Submit it with: mirage run STUDY --on slurm',
        })
      }
      return {}
    }
    const following = { path, stop: new AbortController() }
    this.#clusterRuns.add(following)
    const run = randomUUID()
    try {
      const profile = await profileOf(request.study, file)
      for (const cell of request.cells) this.#emit({ run, path, cell, type: 'queued' })
      const reply = await runOnCluster(request, {
        slurm,
        store,
        session: this.#session(path),
        language: LANGUAGE,
        profile,
        command: profile.command ?? words(this.#options.installation),
        signal: following.stop.signal,
        resume: action === 'resume',
        detach: action === 'detach',
        run,
        emit: this.#emit,
        note: text => this.#emit({ run, path, cell: request.cells[0] ?? '', type: 'note', text }),
      })
      return reply ? { reply } : {}
    } finally {
      this.#clusterRuns.delete(following)
      if (!this.busy) this.#options.settled?.()
    }
  }

  #session(path: string): Session {
    const known = this.#sessions.get(path)
    if (known) return known
    const store = createFolderStore(storeRoot(path))
    const session = this.#open(path, store, createRunRecord(path, store))
    this.#sessions.set(path, session)
    return session
  }

  #open(path: string, store: Store, record: RunRecord): Session {
    return new Session({
      path,
      store,
      compute: this.#pool.over(store.root),
      language: LANGUAGE,
      record,
      env: this.#env,
      emit: this.#emit,
      log: this.#options.log,
      redact: this.redact,
    })
  }
}

/** The cache folder of a study: `MIRAGE_CACHE`, or `.mirage-cache` beside it. */
function storeRoot(path: string): string {
  return process.env.MIRAGE_CACHE ?? join(dirname(path), '.mirage-cache')
}
