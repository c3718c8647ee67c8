import type { RequestParams, StageFacts } from '../../kernel/protocol/messages.ts'
import { type Path, withValueAt } from './values.ts'

/** A stage of the present question that was reached. */
export interface Frame {
  id: number
  facts: StageFacts
  /** Its values, as the person changed them. */
  values: Record<string, unknown>
  /** Values that were changed and that the step has not been given yet. */
  edits: Record<string, unknown>
}

/** Where the walk stops next: at any stage, at a breakpoint, or at the first stage of another image. */
export type Mode = 'step' | 'continue' | 'next-image'

export interface Stop {
  reason: 'entry' | 'step' | 'pause' | 'breakpoint' | 'exception' | 'restart'
  text?: string
}

/** What stops a walk beside its mode. */
export interface Rules {
  /** Stages with a breakpoint. */
  breakpoints: ReadonlySet<string>
  /** Stop where an answer cannot be used. */
  trouble: boolean
}

/** What the step is told. */
export type Order = Omit<RequestParams<'continue'>, 'run'>

/** A walk through the stages, as its debugger sees it: the stages of the present question, and where to stop next. */
export class StageWalk {
  /** Newest first. */
  frames: readonly Frame[] = []
  #mode: Mode
  #because: Stop['reason']
  #image: string | undefined
  #question: string | undefined
  /** The present question's trouble was stopped at already. */
  #troubled = false
  /** The order that the next stage answers, when it was more than to go on. */
  #awaited: { stage: string; edits: Record<string, unknown>; kind: 'edit' | 'restart' } | undefined
  #ids = 0

  /** @param stopOnEntry stop at the very first stage */
  constructor(stopOnEntry: boolean) {
    this.#mode = stopOnEntry ? 'step' : 'continue'
    this.#because = 'entry'
  }

  /** A stage was reached and waits; undefined when the walk goes on from it at once. */
  arrive(facts: StageFacts, rules: Rules): Stop | undefined {
    const image = facts.row && `${facts.row.id} ${facts.row.method}`
    const question = JSON.stringify([facts.row, facts.about])
    const awaited = this.#awaited
    this.#awaited = undefined
    if (question !== this.#question) {
      this.frames = []
      this.#question = question
      this.#troubled = false
    }
    const passed = this.frames.slice(this.frames.findIndex(frame => frame.facts.stage === facts.stage) + 1)
    const carried = awaited?.kind === 'restart' && awaited.stage === facts.stage ? awaited.edits : {}
    this.frames = [
      { id: ++this.#ids, facts, values: { ...facts.values, ...carried }, edits: carried },
      ...passed,
    ]
    const another = image !== this.#image
    this.#image = image
    return this.#stopAt(facts, rules, another, awaited)
  }

  #stopAt(
    { stage, values }: StageFacts,
    { breakpoints, trouble }: Rules,
    anotherImage: boolean,
    awaited: { stage: string; kind: 'edit' | 'restart' } | undefined,
  ): Stop | undefined {
    const problem = typeof values.problem === 'string' ? values.problem : undefined
    if (awaited?.stage === stage && awaited.kind === 'edit' && problem)
      return { reason: 'exception', text: problem }
    if (awaited?.kind === 'restart') return { reason: 'restart' }
    if (problem && trouble && !this.#troubled) {
      this.#troubled = true
      return { reason: 'exception', text: problem }
    }
    if (breakpoints.has(stage)) return { reason: 'breakpoint' }
    if (this.#mode === 'step') return { reason: this.#because }
    return this.#mode === 'next-image' && anotherImage ? { reason: 'step' } : undefined
  }

  /** Goes on from the stage that waits, with what was changed. */
  proceed(mode: Mode): Order {
    this.#mode = mode
    this.#because = 'step'
    return this.pass()
  }

  /** Goes on from a stage at which the walk does not stop. */
  pass(): Order {
    const [top] = this.frames
    if (!top || Object.keys(top.edits).length === 0) return { action: 'step' }
    const { edits } = top
    this.#awaited = { stage: top.facts.stage, edits, kind: 'edit' }
    return { action: 'step', edit: edits }
  }

  /** Stops at the next stage, whatever it is. */
  pause(): void {
    this.#mode = 'step'
    this.#because = 'pause'
  }

  /** Goes through a stage of the present question again, as it was before any change to it. */
  restart(id: number): Order | undefined {
    const frame = this.frame(id)
    return frame && this.#restart(frame, {})
  }

  /**
   * Changes a value. One of an earlier stage takes the walk back to it.
   *
   * @returns what to tell the step now, if anything
   */
  change(id: number, path: Path, value: unknown): Order | undefined {
    const frame = this.frame(id)
    if (!frame) return undefined
    const name = String(path[0])
    const values = withValueAt(frame.values, path, value) as Record<string, unknown>
    const edits = { ...frame.edits, [name]: values[name] }
    if (frame !== this.frames[0]) return this.#restart(frame, edits)
    frame.values = values
    frame.edits = edits
    return undefined
  }

  frame(id: number): Frame | undefined {
    return this.frames.find(frame => frame.id === id)
  }

  #restart({ facts: { stage } }: Frame, edits: Record<string, unknown>): Order {
    this.#awaited = { stage, edits, kind: 'restart' }
    return { action: 'restart-stage', edit: { stage } }
  }
}
