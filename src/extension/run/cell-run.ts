import type { CellEvent, Outcome, Output } from '../../kernel/protocol/messages.ts'
import { cutOff, goesOn } from './cut-off.ts'

/**
 * The life of one cell in the editor, as a pure reducer: a state and a signal give the next state and the commands
 * that make the editor show it. Every state after `idle` carries the id of its run, so that what arrives late for an
 * old run changes nothing.
 */
export type CellRun =
  | { phase: 'idle' }
  | { phase: 'queued'; run: string }
  | {
      phase: 'running'
      run: string
      cleared: boolean
      notes: readonly string[]
      /** The output that tells of something that goes on. */
      going?: Output
      progress?: Progress
    }
  | { phase: 'done'; run: string; outcome: Outcome }

export type Progress = Omit<Extract<CellEvent, { type: 'progress' }>, 'run' | 'path' | 'cell' | 'type'>

type WithoutAddress<E> = E extends unknown ? Omit<E, 'path' | 'cell'> : never

/** What happens to a cell: the kernel's events without their address. */
export type Signal = WithoutAddress<CellEvent>

/** What the editor has to do, in order. */
export type Command =
  /** Show the cell as waiting. */
  | { do: 'open' }
  /** Without `at` the cell starts now. */
  | { do: 'start'; at?: number }
  /** Remove what an earlier run left. */
  | { do: 'clear' }
  /** Show an output, in place of the one with the same id. */
  | { do: 'put'; output: Output }
  /** Show exactly these, in this order. */
  | { do: 'settle'; outputs: readonly Output[] }
  /** `success` undefined leaves the cell without a mark. */
  | { do: 'end'; success: boolean | undefined; at: number }

export interface Transition {
  state: CellRun
  commands: readonly Command[]
}

export const IDLE: CellRun = { phase: 'idle' }

const NOTES = 'mirage-notes'
const FAILURE = 'mirage-failure'

/** Mime type under which a failure travels to `output-items.ts`, which makes VS Code's own error item of it. */
export const FAILURE_MIME = 'application/vnd.mirage.failure+json'

export function reduce(state: CellRun, signal: Signal): Transition {
  if (signal.type === 'queued') return queue(state, signal.run)
  if (state.phase === 'idle' || state.phase === 'done' || state.run !== signal.run) return unchanged(state)
  switch (signal.type) {
    case 'started':
      return state.phase === 'queued' ? start(state.run, signal.at) : unchanged(state)
    case 'progress': {
      const { run: _run, type: _type, ...progress } = signal
      return state.phase === 'running' ? unchanged({ ...state, progress }) : unchanged(state)
    }
    case 'output':
      return whileRunning(state, running => put(withGoing(running, signal.output), signal.output))
    case 'outputs':
      return whileRunning(state, running => ({
        state: { ...running, cleared: true, going: undefined },
        commands: [{ do: 'settle', outputs: signal.outputs }],
      }))
    case 'note':
      return whileRunning(state, running => {
        const notes = [...running.notes, signal.text]
        return put({ ...running, notes }, textOutput(NOTES, notes.join('\n')))
      })
    case 'ended':
      return end(state, signal.at, signal.outcome)
    case 'cached':
    case 'stage':
      return unchanged(state)
  }
}

type Running = Extract<CellRun, { phase: 'running' }>

function queue(state: CellRun, run: string): Transition {
  const waiting = state.phase === 'queued' || state.phase === 'running'
  return waiting ? unchanged(state) : { state: { phase: 'queued', run }, commands: [{ do: 'open' }] }
}

function start(run: string, at?: number): { state: Running; commands: readonly Command[] } {
  return {
    state: { phase: 'running', run, cleared: false, notes: [] },
    commands: [{ do: 'start', ...(at !== undefined && { at }) }],
  }
}

/** Outputs can only be shown by an execution that has started, so one that has not is started first. */
function whileRunning(
  state: Extract<CellRun, { phase: 'queued' | 'running' }>,
  then: (running: Running) => Transition,
  at?: number,
): Transition {
  if (state.phase === 'running') return then(state)
  const begun = start(state.run, at)
  const next = then(begun.state)
  return { state: next.state, commands: [...begun.commands, ...next.commands] }
}

function withGoing(state: Running, output: Output): Running {
  if (goesOn(output)) return { ...state, going: output }
  return state.going?.id === output.id ? { ...state, going: undefined } : state
}

/** The outputs of the run before stay until the first one of this run, so that nothing flickers. */
function put(state: Running, output: Output): Transition {
  return {
    state: { ...state, cleared: true },
    commands: [...(state.cleared ? [] : [{ do: 'clear' } as const]), { do: 'put', output }],
  }
}

function end(
  state: Extract<CellRun, { phase: 'queued' | 'running' }>,
  at: number,
  outcome: Outcome,
): Transition {
  const done: CellRun = { phase: 'done', run: state.run, outcome }
  const going = state.phase === 'running' ? state.going : undefined
  const last: Command[] =
    going && outcome.kind !== 'succeeded' ? [{ do: 'put', output: cutOff(going, outcome) }] : []
  if (outcome.kind === 'failed') {
    const shown = whileRunning(
      state,
      running => put(running, { id: FAILURE, items: [{ mime: FAILURE_MIME, json: outcome.error }] }),
      at,
    )
    return { state: done, commands: [...last, ...shown.commands, { do: 'end', success: false, at }] }
  }
  if (outcome.kind === 'cancelled')
    return { state: done, commands: [...last, { do: 'end', success: undefined, at }] }
  const silent = whileRunning(
    state,
    running => ({ state: running, commands: running.cleared ? [] : [{ do: 'clear' }] }),
    at,
  )
  return { state: done, commands: [...silent.commands, { do: 'end', success: true, at }] }
}

function textOutput(id: string, text: string): Output {
  return { id, items: [{ mime: 'text/plain', text }] }
}

function unchanged(state: CellRun): Transition {
  return { state, commands: [] }
}
