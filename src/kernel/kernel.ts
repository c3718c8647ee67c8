import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { ComputePool } from './compute/pool.ts'
import { doctor } from './doctor.ts'
import { MirageError } from './errors.ts'
import { METRICS } from './metrics/registry.ts'
import { CATALOG } from './models/catalog.ts'
import { PROVIDERS } from './models/providers.ts'
import { modelSummaries } from './models/summary.ts'
import type { CellEvent, Replies, RequestName, requests } from './protocol/messages.ts'
import { PROTOCOL_VERSION } from './protocol/messages.ts'
import { redactor, withoutSecrets } from './session/redact.ts'
import { createRunRecord, type RunRecord } from './session/run-record.ts'
import { savedOutputs } from './session/saved-outputs.ts'
import { Session } from './session/session.ts'
import { verify } from './session/verify.ts'
import { STEPS } from './steps/index.ts'
import { promptCell } from './steps/prompt.ts'
import { createFolderStore } from './store/folder-store.ts'
import { sniffMime } from './store/sniff.ts'
import type { Store } from './store/store.ts'
import { VERSION } from './version.ts'

export interface KernelOptions {
  /** The compute bundle. */
  computeEntry: string
  /** Folder of what is shipped: `models/`. */
  assets: string
  emit(event: CellEvent): void
  log(line: string): void
}

type Parsed<K extends RequestName> = z.output<(typeof requests)[K]>
type Handlers = { [K in RequestName]: (params: Parsed<K>) => Promise<Replies[K]> }

/** Everything that the kernel remembers: sessions by study, the compute pool, the user's environment. */
export class Kernel {
  readonly #options: KernelOptions
  readonly #pool: ComputePool
  readonly #sessions = new Map<string, Session>()
  readonly #env: Record<string, string | undefined> = { ...process.env }
  readonly redact = redactor(() => this.#env)

  constructor(options: KernelOptions) {
    this.#options = options
    this.#pool = new ComputePool({
      entry: options.computeEntry,
      env: withoutSecrets(process.env),
      log: line => options.log(this.redact(line)),
    })
  }

  handle<K extends RequestName>(name: K, params: Parsed<K>): Promise<Replies[K]> {
    return this.#handlers[name](params)
  }

  close(): void {
    for (const session of this.#sessions.values()) session.interrupt()
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
    run: request => this.#session(request.study.path).run(request),
    verify: async request => {
      const { path } = request.study
      const store = createFolderStore(storeRoot(path))
      const open = (scratch: Store, record: RunRecord) => this.#open(path, scratch, record)
      return { cells: await verify({ request, store, open }) }
    },
    interrupt: async ({ path }) => {
      this.#sessions.get(path)?.interrupt()
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
    }),
    outputs: async ({ path }) => ({ cells: await savedOutputs(path) }),
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
    models: async () => ({ models: await modelSummaries(this.#options.assets) }),
    doctor: async () => {
      const compute = this.#pool.over(join(tmpdir(), 'mirage-doctor'))
      return { report: await doctor({ compute, assets: this.#options.assets, env: this.#env }) }
    },
    shutdown: async () => {
      setImmediate(() => {
        this.close()
        process.exit(0)
      })
      return {}
    },
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
      language: { steps: STEPS, prompt: promptCell },
      record,
      env: this.#env,
      emit: this.#options.emit,
      log: this.#options.log,
      redact: this.redact,
    })
  }
}

/** The cache folder of a study: `MIRAGE_CACHE`, or `.mirage-cache` beside it. */
function storeRoot(path: string): string {
  return process.env.MIRAGE_CACHE ?? join(dirname(path), '.mirage-cache')
}
