import type { CellEvent } from './protocol/messages.ts'

/**
 * What a run has told so far, as short as a client that comes late needs it: of progress and of each output only the
 * newest. Stages are for the one who steps, and are not kept.
 */
export class RunLog {
  #events: CellEvent[] = []

  listen(event: CellEvent): void {
    if (event.type === 'stage') return
    this.#events = this.#events.filter(earlier => !overtakes(event, earlier))
    this.#events.push(event)
  }

  get events(): readonly CellEvent[] {
    return this.#events
  }
}

function overtakes(event: CellEvent, earlier: CellEvent): boolean {
  if (earlier.cell !== event.cell) return false
  switch (event.type) {
    case 'progress':
      return earlier.type === 'progress'
    case 'output':
      return earlier.type === 'output' && earlier.output.id === event.output.id
    case 'outputs':
      return earlier.type === 'output' || earlier.type === 'progress'
    default:
      return false
  }
}
