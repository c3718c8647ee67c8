import type { Freshness, ResultSummary, Vitals } from '../../kernel/protocol/messages.ts'
import { idOf, isCode } from '../document/notebook-data.ts'
import { namedCells, snapshot } from '../document/snapshot.ts'
import type { StudyObjects } from '../outputs/objects.ts'
import type { Restored } from '../outputs/restore.ts'
import { hashText } from '../outputs/text-hash.ts'
import { type Badge, badgesOf, type CellFacts } from '../run/badges.ts'
import { CellDrive, type Execution } from '../run/cell-drive.ts'
import type { vscode } from '../vscode.ts'
import { type HostPorts, KernelHost, type KernelState } from './kernel-host.ts'
import { type RunOptions, StudyRunner } from './study-runner.ts'
import { VitalsWatch } from './vitals-watch.ts'

export interface StudyPorts {
  api: Pick<typeof vscode, 'NotebookCellOutput' | 'NotebookCellOutputItem' | 'l10n'>
  kernels: Pick<HostPorts, 'launch' | 'reattach'>
  objects: StudyObjects
  createExecution(cell: vscode.NotebookCell): Execution
  /** Asks the person whether to go on. */
  confirm(message: string, action: string): Promise<boolean>
  /** Whether the settings let this study use the network. */
  networkAllowed(): boolean
  /** The kernel's state or a cell's badges changed. */
  onChange(): void
  onResults(): void
  log(line: string): void
}

/** Milliseconds that an interrupt has before the kernel is ended. The kernel itself ends native work after one second. */
const INTERRUPT_GRACE = 5000
/** Milliseconds of quiet after an edit before freshness is asked for. */
const QUIET = 400

/** One notebook that is open, with its kernel. */
export class OpenStudy {
  readonly notebook: vscode.NotebookDocument
  readonly kernel: KernelHost
  readonly runner: StudyRunner
  readonly #ports: StudyPorts
  readonly #watch: VitalsWatch
  readonly #drives = new Map<string, CellDrive>()
  #freshness: Record<string, Freshness> = {}
  #saved = new Map<string, Restored>()
  #results: ResultSummary[] = []
  #executions = 0
  #seen = true
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(notebook: vscode.NotebookDocument, ports: StudyPorts) {
    this.notebook = notebook
    this.#ports = ports
    this.kernel = new KernelHost({
      ...ports.kernels,
      onEvent: event => this.runner.receive(event),
      onState: state => this.#onKernel(state),
      log: ports.log,
    })
    this.#watch = new VitalsWatch({ client: () => this.kernel.client, onChange: ports.onChange })
    this.runner = new StudyRunner({
      kernel: this.kernel,
      snapshot: () => snapshot(notebook),
      drive: cell => this.#drive(cell),
      options: () => ({ offline: this.offline }),
      onCell: cell => this.#onCell(cell),
      onSettled: () => this.#onSettled(),
      grace: INTERRUPT_GRACE,
    })
  }

  get results(): readonly ResultSummary[] {
    return this.#results
  }

  /** What the kernel computes with, as far as it was asked. */
  get vitals(): Vitals | undefined {
    return this.#watch.last
  }

  get path(): string {
    return this.notebook.uri.fsPath
  }

  /** Where a cell stops because of what its judges would cost, the person is asked, and the run goes on from there. */
  async run(cells: readonly vscode.NotebookCell[], options?: RunOptions): Promise<void> {
    let open = cells.filter(isCode).map(idOf)
    while (open.length > 0) {
      await this.runner.run(open, options)
      const at = open.findIndex(id => this.#priceOf(id) !== undefined)
      if (at < 0 || !(await this.#agreed(open[at], options))) return
      open = open.slice(at + 1)
    }
  }

  /** Runs a cell that waits for agreement to its costs, and that one alone. True where it was agreed to and succeeded. */
  async #agreed(cell: string, options: RunOptions | undefined): Promise<boolean> {
    const { l10n } = this.#ports.api
    const spend = this.#priceOf(cell)!
    const dollars = `$${spend.toFixed(2)}`
    const question = l10n.t('The cell "{0}" would cost about {1}. Nothing was sent.', cell, dollars)
    if (!(await this.#ports.confirm(question, l10n.t('Spend up to {0}', dollars)))) return false
    await this.runner.run([cell], { ...options, spend })
    const state = this.runner.stateOf(cell)
    return state.phase === 'done' && state.outcome.kind === 'succeeded'
  }

  /** US dollars that a cell waits for the person to agree to. */
  #priceOf(cell: string): number | undefined {
    const state = this.runner.stateOf(cell)
    return state.phase === 'done' && state.outcome.kind === 'failed' ? state.outcome.error.cost : undefined
  }

  /** Whether the user forbids the network to this study's cells. */
  get offline(): boolean {
    return !this.#ports.networkAllowed()
  }

  /** The code cell that goes by an id, or will. */
  cell(id: string): vscode.NotebookCell | undefined {
    return namedCells(this.notebook.getCells()).find(named => named.id === id)?.cell
  }

  badges(cell: vscode.NotebookCell): Badge[] {
    const id = idOf(cell)
    const facts: CellFacts = { freshness: this.#freshness[id] }
    const saved = this.#saved.get(id)
    if (saved) {
      const edited = saved.textHash !== hashText(cell.document.getText())
      facts.saved = { finished: saved.finished, edited }
    }
    return badgesOf(this.runner.stateOf(id), facts, this.#ports.api.l10n)
  }

  /** Cells that would not be reused as they are, in document order. Starts the kernel. */
  async staleCells(): Promise<vscode.NotebookCell[]> {
    const client = await this.kernel.ensure()
    const { cells } = await client.request('freshness', { study: snapshot(this.notebook) })
    return this.notebook.getCells().filter(cell => isCode(cell) && cells[idOf(cell)] !== 'fresh')
  }

  /**
   * Finds the kernel of an earlier window again, and goes on showing what it runs. Resolves with the ids of the cells
   * that run or wait, whose outputs come from there.
   */
  async reattach(): Promise<ReadonlySet<string>> {
    const client = await this.kernel.reattach()
    if (!client) return new Set()
    const { runs } = await client.request('attach', { path: this.path })
    const known = runs.map(({ run, cells }) => ({ run, cells: cells.filter(id => this.cell(id)) }))
    for (const { run, cells } of known) void this.runner.follow(run, cells)
    this.refresh()
    return new Set(known.flatMap(({ cells }) => cells))
  }

  /** Notes whose outputs on screen come from an earlier session. */
  showSaved(restored: ReadonlyMap<string, Restored>): void {
    this.#saved = new Map(restored)
    this.#ports.onChange()
  }

  /** Asks the kernel what is stale and which results there are, once the typing pauses. Starts nothing. */
  refresh(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#ask(), QUIET)
  }

  /** Ends the kernel, and with it what runs. */
  async restart(): Promise<void> {
    await this.kernel.stop()
  }

  /** Whether a tab shows the study. The kernel of one that is not seen ends as soon as nothing runs. */
  setSeen(seen: boolean): void {
    this.#seen = seen
    if (!seen && !this.runner.busy) void this.kernel.stop()
  }

  /** The study was closed. */
  async dispose(): Promise<void> {
    this.#watch.stop()
    clearTimeout(this.#timer)
    await this.kernel.stop()
  }

  /** The window closes, or is loaded again: what runs goes on. */
  leave(): void {
    this.#watch.stop()
    clearTimeout(this.#timer)
    this.kernel.leave()
  }

  async #ask(): Promise<void> {
    const client = this.kernel.client
    if (!client || this.runner.busy) return
    try {
      const study = snapshot(this.notebook)
      this.#freshness = (await client.request('freshness', { study })).cells
      await this.#watch.look()
      this.#results = (await client.request('results', { study })).results
      this.#ports.onResults()
    } catch (error) {
      this.#ports.log(`Freshness is not known: ${String(error)}`)
    }
  }

  #onKernel(state: KernelState): void {
    if (state.phase === 'off' || state.phase === 'failed') {
      this.#watch.clear()
      this.#freshness = {}
      this.#results = []
      this.#ports.onResults()
    }
    this.#ports.onChange()
  }

  #onSettled(): void {
    this.#watch.stop()
    if (this.#seen) this.refresh()
    else void this.kernel.stop()
  }

  #onCell(id: string): void {
    if (this.runner.stateOf(id).phase === 'running') {
      this.#saved.delete(id)
      this.#watch.start()
    }
    this.#ports.onChange()
  }

  #drive(id: string): CellDrive {
    const known = this.#drives.get(id)
    if (known) return known
    const drive = new CellDrive({
      api: this.#ports.api,
      cell: id,
      createExecution: () => {
        const cell = this.cell(id)
        if (!cell) throw new Error(`the cell ${id} is no longer there`)
        return this.#ports.createExecution(cell)
      },
      read: hash => this.#ports.objects.read(this, hash).then(({ bytes }) => bytes),
      nextOrder: () => ++this.#executions,
      log: this.#ports.log,
    })
    this.#drives.set(id, drive)
    return drive
  }
}
