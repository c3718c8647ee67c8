import { styleText } from 'node:util'
import type { CellEvent, Outcome, Output, RunReply, Study } from '../kernel/protocol/messages.ts'
import { rateText } from '../notebook/rate-text.ts'

export interface Reporter {
  event(event: CellEvent): void
  finish(reply: RunReply): void
}

/** Where a run is told: one JSON object per line, a terminal with a moving line, or plain lines for a log. */
export function createReporter({ json, study }: { json: boolean; study: Study }): Reporter {
  if (json) {
    const print = (value: unknown) => console.log(JSON.stringify(value))
    return { event: print, finish: reply => print({ type: 'finished', ...reply }) }
  }
  return new TextReporter(study)
}

const LINES_OF_TEXT = 12
const PLAIN_PROGRESS_MILLISECONDS = 5000

class TextReporter implements Reporter {
  readonly #study: Study
  readonly #live = process.stdout.isTTY === true
  #moving = false
  #lastPlain = 0

  constructor(study: Study) {
    this.#study = study
  }

  event = (event: CellEvent): void => {
    if (event.type === 'started') {
      this.#lastPlain = Date.now()
      if (this.#live) this.#move(`${event.cell} ...`)
    } else if (event.type === 'progress') this.#progress(event)
    else if (event.type === 'note') this.#line(`  ${styleText('yellow', 'note')} ${event.text}`)
    else if (event.type === 'outputs') for (const output of event.outputs) this.#output(output)
    else if (event.type === 'ended') this.#ended(event.cell, event.outcome)
  }

  finish({ succeeded, failed, cancelled }: RunReply): void {
    const parts = [`${succeeded.length} cells succeeded`]
    if (failed.length) parts.push(`${failed.length} failed`)
    if (cancelled.length) parts.push(`${cancelled.length} did not run`)
    this.#line(parts.join(', '))
    this.#line(
      `Outputs: ${this.#study.path.replace(/\.md$/, '.outputs')}  Lock: ${this.#study.path.replace(/\.md$/, '.lock.json')}`,
    )
  }

  #progress({
    cell,
    done,
    total,
    label,
    rate,
    unit,
    secondsLeft,
  }: Extract<CellEvent, { type: 'progress' }>): void {
    const percent = total > 0 ? Math.floor((100 * done) / total) : 0
    const speed = rate === undefined ? '' : `  ${rateText(rate)} ${unit ?? ''}/s`
    const left = secondsLeft === undefined ? '' : `  ${Math.ceil(secondsLeft)} s left`
    const text = `${cell}  ${String(percent).padStart(3)} %  ${label ?? ''}${speed}${left}`
    if (this.#live) return this.#move(text)
    if (Date.now() - this.#lastPlain < PLAIN_PROGRESS_MILLISECONDS) return
    this.#lastPlain = Date.now()
    console.log(`  ${text}`)
  }

  #output({ id, items }: Output): void {
    if (id === 'notes') return
    const text = items.find(item => item.mime === 'text/plain' && 'text' in item)
    if (!text || !('text' in text)) return
    const lines = text.text.trimEnd().split('\n')
    for (const line of lines.slice(0, LINES_OF_TEXT)) this.#line(`  ${line}`)
    if (lines.length > LINES_OF_TEXT) this.#line(`  ... ${lines.length - LINES_OF_TEXT} more lines`)
  }

  #ended(cell: string, outcome: Outcome): void {
    if (outcome.kind === 'succeeded') {
      const how = outcome.cached ? 'unchanged' : `${(outcome.milliseconds / 1000).toFixed(1)} s`
      this.#line(`${styleText('green', 'done')}      ${cell} (${how})`)
    } else if (outcome.kind === 'cancelled') this.#line(`${styleText('gray', 'not run')}   ${cell}`)
    else {
      const { message, remedy, at, code } = outcome.error
      this.#line(`${styleText('red', 'failed')}    ${cell} (${this.#position(cell, at)}) [${code}]`)
      this.#line(`  ${message}`)
      if (remedy) this.#line(`  ${remedy}`)
    }
  }

  /** `line:column` in the file, so that a terminal makes it a link. */
  #position(cell: string, at: { line: number; column: number } | undefined): string {
    const first = this.#study.cells.find(({ id }) => id === cell)?.line
    if (first === undefined) return this.#study.path
    return `${this.#study.path}:${first + (at?.line ?? 1) - 1}:${at?.column ?? 1}`
  }

  #move(text: string): void {
    const width = Math.max(20, (process.stdout.columns ?? 80) - 1)
    process.stdout.write(`\r\x1b[2K${text.slice(0, width)}`)
    this.#moving = true
  }

  #line(text: string): void {
    if (this.#moving) process.stdout.write('\r\x1b[2K')
    this.#moving = false
    console.log(text)
  }
}
