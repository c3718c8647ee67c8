import type { RequestParams } from '../protocol/messages.ts'
import type { Stage } from './drive.ts'

type Action = RequestParams<'continue'>['action']
type Edit = Record<string, unknown> | undefined

/** Holds a step at its stages until a debugger lets it go on. */
export class StageGate {
  #mode: 'step' | 'continue' | 'next-row' = 'step'
  #row: string | undefined
  #open: ((edit: Edit) => void) | undefined
  #closed = false

  /** Whether the step waits at this stage, by what was last asked. */
  waitsAt(stage: Stage): boolean {
    if (this.#closed || this.#mode === 'continue') return false
    const row = stage.row && `${stage.row.id} ${stage.row.method}`
    const another = row !== this.#row
    if (this.#mode === 'next-row' && !another) return false
    this.#row = row
    return true
  }

  wait(): Promise<Edit> {
    return new Promise(resolve => {
      this.#open = resolve
    })
  }

  /** Lets the step go on; false when it does not wait. */
  release(action: Action, edit: Edit): boolean {
    const open = this.#open
    if (!open) return false
    this.#open = undefined
    if (action === 'continue' || action === 'next-row' || action === 'step') this.#mode = action
    open(action === 'restart-stage' ? { ...edit, restart: true } : edit)
    return true
  }

  /** Never waits again. */
  close(): void {
    this.#closed = true
    this.release('continue', undefined)
  }
}
