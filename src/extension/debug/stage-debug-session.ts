import {
  DebugSession,
  InitializedEvent,
  InvalidatedEvent,
  OutputEvent,
  StoppedEvent,
  TerminatedEvent,
} from '@vscode/debugadapter'
import type { DebugProtocol } from '@vscode/debugprotocol'
import type { StageFacts, StudyCell } from '../../kernel/protocol/messages.ts'
import { placeBreakpoint, stagesOfLine } from './breakpoints.ts'
import { placesOf, STAGE_NAMES, type StagePlace } from './stage-places.ts'
import { type Frame, type Mode, type Order, StageWalk, type Stop } from './stage-walk.ts'
import { membersOf, oneLine, type Path, readPath, readTyped, typeOf, valueAt, writePath } from './values.ts'

/** A cell as the editor shows it. */
export interface DebugCell {
  /** The document's URI, by which breakpoints and frames name it. */
  uri: string
  title: string
  cell: StudyCell
}

/** What the debugger needs of a study. */
export interface DebuggeePorts {
  score: DebugCell
  /** The prompt cell that the score cell names; absent for a shipped prompt. */
  prompt?: DebugCell
  /** Runs both cells and waits at every stage. Resolves, when they have ended, to how: a line for a person. */
  run(onStage: (facts: StageFacts) => void): Promise<string>
  /** Lets the stage that waits go on. */
  order(order: Order): Promise<void>
  stop(): Promise<void>
}

const THREAD = 1
const TROUBLE = 'trouble'

/** A part of a frame's values that can be unfolded. */
interface Handle {
  frame: number
  path: Path
  of: 'values' | 'question'
}

/**
 * The debug adapter of a score cell. What a debugger calls a call stack are the stages of the present question, newest
 * on top; a frame's variables are the values of its stage.
 */
export class StageDebugSession extends DebugSession {
  readonly #ports: DebuggeePorts
  readonly #places: readonly StagePlace[]
  #walk = new StageWalk(false)
  #byCell = new Map<string, Set<string>>()
  #byName = new Set<string>()
  #trouble = false
  #stopOnEntry: boolean | undefined
  #handles: Handle[] = []
  #ended = false
  #waiting = false
  #canInvalidate = false
  #breakpointIds = 0

  constructor(ports: DebuggeePorts) {
    super()
    this.#ports = ports
    this.#places = placesOf(ports.score.cell, ports.prompt?.cell)
  }

  protected override initializeRequest(
    response: DebugProtocol.InitializeResponse,
    { supportsInvalidatedEvent }: DebugProtocol.InitializeRequestArguments,
  ): void {
    this.#canInvalidate = supportsInvalidatedEvent === true
    response.body = {
      supportsConfigurationDoneRequest: true,
      supportsBreakpointLocationsRequest: true,
      supportsFunctionBreakpoints: true,
      supportsSetVariable: true,
      supportsRestartFrame: true,
      supportsEvaluateForHovers: true,
      supportsClipboardContext: true,
      supportsTerminateRequest: true,
      supportsExceptionInfoRequest: true,
      exceptionBreakpointFilters: [
        {
          filter: TROUBLE,
          label: 'Answers that cannot be used',
          description: 'Stops where a question brought no answer, or one that gives no score.',
          default: true,
        },
      ],
    }
    this.sendResponse(response)
  }

  protected override launchRequest(
    response: DebugProtocol.LaunchResponse,
    { stopOnEntry }: DebugProtocol.LaunchRequestArguments & { stopOnEntry?: boolean },
  ): void {
    this.#stopOnEntry = stopOnEntry
    this.sendResponse(response)
    this.sendEvent(new InitializedEvent())
  }

  protected override setBreakPointsRequest(
    response: DebugProtocol.SetBreakpointsResponse,
    { source, breakpoints = [] }: DebugProtocol.SetBreakpointsArguments,
  ): void {
    const cell = this.#cells().find(({ uri }) => uri === source.path)
    const placed = breakpoints.map(({ line, column }) =>
      placeBreakpoint({ line, column }, cell?.cell.id ?? '', this.#places),
    )
    this.#byCell.set(source.path ?? '', new Set(placed.flatMap(({ stage }) => stage ?? [])))
    response.body = {
      breakpoints: placed.map(({ position, stage, message }) => ({
        id: ++this.#breakpointIds,
        verified: stage !== undefined,
        ...position,
        ...(message && { message }),
      })),
    }
    this.sendResponse(response)
  }

  protected override breakpointLocationsRequest(
    response: DebugProtocol.BreakpointLocationsResponse,
    { source, line }: DebugProtocol.BreakpointLocationsArguments,
  ): void {
    const cell = this.#cells().find(({ uri }) => uri === source.path)
    const found = cell ? stagesOfLine(line, cell.cell.id, this.#places) : []
    response.body = { breakpoints: found.map(place => ({ line: place.line, column: place.column })) }
    this.sendResponse(response)
  }

  protected override setFunctionBreakPointsRequest(
    response: DebugProtocol.SetFunctionBreakpointsResponse,
    { breakpoints }: DebugProtocol.SetFunctionBreakpointsArguments,
  ): void {
    const known = breakpoints.map(({ name }) => STAGE_NAMES.includes(name.trim()))
    this.#byName = new Set(breakpoints.map(({ name }) => name.trim()).filter((_, i) => known[i]))
    response.body = {
      breakpoints: known.map(verified => ({
        verified,
        ...(!verified && { message: `There is no such stage. Stages: ${STAGE_NAMES.join(', ')}.` }),
      })),
    }
    this.sendResponse(response)
  }

  protected override setExceptionBreakPointsRequest(
    response: DebugProtocol.SetExceptionBreakpointsResponse,
    { filters }: DebugProtocol.SetExceptionBreakpointsArguments,
  ): void {
    this.#trouble = filters.includes(TROUBLE)
    this.sendResponse(response)
  }

  protected override configurationDoneRequest(response: DebugProtocol.ConfigurationDoneResponse): void {
    // Without a breakpoint there would be nothing to see.
    this.#walk = new StageWalk(this.#stopOnEntry ?? this.#breakpoints().size === 0)
    this.sendResponse(response)
    void this.#run()
  }

  async #run(): Promise<void> {
    let ending: string
    try {
      ending = await this.#ports.run(facts => this.#arrive(facts))
    } catch (error) {
      ending = error instanceof Error ? error.message : String(error)
    }
    this.#ended = true
    this.#waiting = false
    this.sendEvent(new OutputEvent(`${ending}\n`, 'console'))
    this.sendEvent(new TerminatedEvent())
  }

  #arrive(facts: StageFacts): void {
    const stop = this.#walk.arrive(facts, { breakpoints: this.#breakpoints(), trouble: this.#trouble })
    this.#handles = []
    if (stop) this.#stopped(stop)
    else this.#order(this.#walk.pass())
  }

  #stopped({ reason, text }: Stop): void {
    this.#waiting = true
    const event: DebugProtocol.StoppedEvent = new StoppedEvent(reason, THREAD, text)
    event.body.allThreadsStopped = true
    if (text) event.body.description = 'Paused on an answer that cannot be used'
    this.sendEvent(event)
  }

  #order(order: Order): void {
    this.#waiting = false
    // A kernel that is gone ends the run, which tells.
    this.#ports.order(order).catch(() => {})
  }

  #goOn(mode: Mode): void {
    if (this.#waiting) this.#order(this.#walk.proceed(mode))
  }

  protected override continueRequest(response: DebugProtocol.ContinueResponse): void {
    response.body = { allThreadsContinued: true }
    this.sendResponse(response)
    this.#goOn('continue')
  }

  protected override nextRequest(response: DebugProtocol.NextResponse): void {
    this.sendResponse(response)
    this.#goOn('step')
  }

  protected override stepInRequest(response: DebugProtocol.StepInResponse): void {
    this.sendResponse(response)
    this.#goOn('step')
  }

  /** Out of this image, into the next. */
  protected override stepOutRequest(response: DebugProtocol.StepOutResponse): void {
    this.sendResponse(response)
    this.#goOn('next-image')
  }

  protected override pauseRequest(response: DebugProtocol.PauseResponse): void {
    this.#walk.pause()
    this.sendResponse(response)
  }

  protected override restartFrameRequest(
    response: DebugProtocol.RestartFrameResponse,
    { frameId }: DebugProtocol.RestartFrameArguments,
  ): void {
    const order = this.#waiting ? this.#walk.restart(frameId) : undefined
    if (!order) return this.#refuse(response, 'This stage belongs to a question that is past.')
    this.sendResponse(response)
    this.#order(order)
  }

  protected override async terminateRequest(response: DebugProtocol.TerminateResponse): Promise<void> {
    this.sendResponse(response)
    await this.#stop()
  }

  protected override async disconnectRequest(response: DebugProtocol.DisconnectResponse): Promise<void> {
    this.sendResponse(response)
    await this.#stop()
  }

  async #stop(): Promise<void> {
    if (!this.#ended) await this.#ports.stop()
  }

  protected override threadsRequest(response: DebugProtocol.ThreadsResponse): void {
    response.body = { threads: [{ id: THREAD, name: this.#ports.score.title }] }
    this.sendResponse(response)
  }

  protected override stackTraceRequest(
    response: DebugProtocol.StackTraceResponse,
    { startFrame = 0, levels }: DebugProtocol.StackTraceArguments,
  ): void {
    const { frames } = this.#walk
    const shown = frames.slice(startFrame, levels ? startFrame + levels : undefined)
    response.body = { totalFrames: frames.length, stackFrames: shown.map(frame => this.#stackFrame(frame)) }
    this.sendResponse(response)
  }

  #stackFrame({ id, facts, edits, values }: Frame): DebugProtocol.StackFrame {
    const { stage, title = stage, row } = facts
    const edited = values.edited === true || Object.keys(edits).length > 0
    const words = [title, row?.id, row?.method, ...(edited ? ['edited'] : [])]
    const place = this.#places.find(known => known.stage === stage)
    const cell = this.#cells().find(known => known.cell.id === place?.cell)
    return {
      id,
      name: words.filter(Boolean).join(' · '),
      ...(cell && { source: { name: cell.title, path: cell.uri } }),
      line: place?.line ?? 0,
      column: place?.column ?? 0,
      ...(place && { endLine: place.endLine, endColumn: place.endColumn }),
    }
  }

  protected override scopesRequest(
    response: DebugProtocol.ScopesResponse,
    { frameId }: DebugProtocol.ScopesArguments,
  ): void {
    const { title, stage } = this.#walk.frame(frameId)?.facts ?? { stage: '' }
    const scope = (name: string, of: Handle['of']) => ({
      name,
      presentationHint: 'locals',
      variablesReference: this.#handle({ frame: frameId, path: [], of }),
      expensive: false,
    })
    response.body = { scopes: [scope(title ?? stage, 'values'), scope('question', 'question')] }
    this.sendResponse(response)
  }

  protected override variablesRequest(
    response: DebugProtocol.VariablesResponse,
    { variablesReference }: DebugProtocol.VariablesArguments,
  ): void {
    const handle = this.#handles[variablesReference - 1]
    const members = handle ? (membersOf(valueAt(this.#rootOf(handle), handle.path)) ?? []) : []
    response.body = {
      variables: members.map(([name, value]) => {
        const path = [...handle.path, name]
        return {
          name,
          ...this.#shown(value, { ...handle, path }),
          evaluateName: handle.of === 'values' ? writePath(path) : undefined,
          ...(!this.#canChange(handle, path) && { presentationHint: { attributes: ['readOnly'] } }),
        }
      }),
    }
    this.sendResponse(response)
  }

  protected override setVariableRequest(
    response: DebugProtocol.SetVariableResponse,
    { variablesReference, name, value: typed }: DebugProtocol.SetVariableArguments,
  ): void {
    const handle = this.#handles[variablesReference - 1]
    const path = handle ? [...handle.path, name] : []
    if (!handle || !this.#canChange(handle, path)) {
      return this.#refuse(
        response,
        `"${name}" is what it is. What can be changed: ${this.#changeable(handle)}.`,
      )
    }
    let value: unknown
    try {
      value = readTyped(typed, valueAt(this.#rootOf(handle), path))
    } catch (error) {
      return this.#refuse(response, `This is no JSON: ${(error as Error).message}`)
    }
    const order = this.#walk.change(handle.frame, path, value)
    response.body = this.#shown(value, { ...handle, path })
    this.sendResponse(response)
    if (order) this.#order(order)
    // The frame is called edited from here on.
    else if (this.#canInvalidate) this.sendEvent(new InvalidatedEvent(['stacks'], THREAD))
  }

  /** A path into the values of the frame, or into the variables of the template. */
  protected override evaluateRequest(
    response: DebugProtocol.EvaluateResponse,
    { expression, frameId, context }: DebugProtocol.EvaluateArguments,
  ): void {
    const frame = frameId === undefined ? this.#walk.frames[0] : this.#walk.frame(frameId)
    const path = readPath(expression)
    const paths = frame && path ? [path, ['variables', ...path]] : []
    const found = paths.find(known => valueAt(frame?.values, known) !== undefined)
    if (!frame || !found) {
      const names = Object.keys(frame?.values ?? {}).join(', ')
      return this.#refuse(response, `This stage has no "${expression}". Values: ${names}.`)
    }
    const value = valueAt(frame.values, found)
    const shown = this.#shown(value, { frame: frame.id, path: found, of: 'values' })
    const whole = context === 'clipboard' || context === 'repl'
    const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2)
    response.body = { ...shown, result: whole ? text : shown.value }
    this.sendResponse(response)
  }

  protected override exceptionInfoRequest(response: DebugProtocol.ExceptionInfoResponse): void {
    const problem = String(this.#walk.frames[0]?.facts.values.problem ?? '')
    response.body = { exceptionId: 'No score from this answer', description: problem, breakMode: 'always' }
    this.sendResponse(response)
  }

  /** Requests that are Mirage's own. */
  protected override customRequest(command: string, response: DebugProtocol.Response): void {
    if (command !== 'nextImage') return this.#refuse(response, `There is no request "${command}".`)
    this.sendResponse(response)
    this.#goOn('next-image')
  }

  override dispose(): void {
    void this.#stop()
    super.dispose()
  }

  #shown(value: unknown, handle: Handle) {
    const members = membersOf(value)
    return {
      value: oneLine(value),
      type: typeOf(value),
      variablesReference: members && members.length > 0 ? this.#handle(handle) : 0,
    }
  }

  #handle(handle: Handle): number {
    return this.#handles.push(handle)
  }

  #rootOf({ frame, of }: Handle): unknown {
    const known = this.#walk.frame(frame)
    if (of === 'values') return known?.values
    const { row, about } = known?.facts ?? {}
    return { id: row?.id, method: row?.method ?? null, ...about }
  }

  #canChange({ frame, of }: Handle, [name]: Path): boolean {
    return of === 'values' && (this.#walk.frame(frame)?.facts.editable ?? []).includes(String(name))
  }

  #changeable(handle: Handle | undefined): string {
    const names = (handle && this.#walk.frame(handle.frame)?.facts.editable) ?? []
    return names.join(', ') || 'nothing'
  }

  #breakpoints(): ReadonlySet<string> {
    return new Set([...this.#byName, ...[...this.#byCell.values()].flatMap(stages => [...stages])])
  }

  #cells(): DebugCell[] {
    const { score, prompt } = this.#ports
    return prompt ? [score, prompt] : [score]
  }

  #refuse(response: DebugProtocol.Response, why: string): void {
    this.sendErrorResponse(response, { id: 1, format: '{why}', variables: { why }, showUser: false })
  }
}
