import type { StepEvent, StepResult } from '../step.ts'

export type Progress = Omit<Extract<StepEvent, { type: 'progress' }>, 'type'> & { secondsLeft?: number }
export type Stage = Omit<Extract<StepEvent, { type: 'stage' }>, 'type'>

/** What a drive tells while a step runs. */
export interface Audience {
  progress(progress: Progress): void
  output(event: Extract<StepEvent, { type: 'output' }>): void
  note(text: string): void
  /** Resolves when the step may go on, with edited values or undefined. */
  stage(stage: Stage): Promise<Record<string, unknown> | undefined>
}

const MILLISECONDS_BETWEEN_PROGRESS = 100

/**
 * Runs a step's generator to its end. Progress is kept to its contract here, so that no step and no client has to:
 * it never goes back, comes at most ten times a second, and its end is always told.
 *
 * @throws whatever the step throws; the abort reason when `signal` aborts, after the generator's cleanup.
 */
export async function drive(
  steps: AsyncGenerator<StepEvent, StepResult, unknown>,
  audience: Audience,
  signal: AbortSignal,
  now: () => number = Date.now,
): Promise<StepResult> {
  const started = now()
  let told = Number.NEGATIVE_INFINITY
  let best: Progress | undefined
  let pending = false
  let answer: unknown

  const tell = (progress: Progress) => {
    told = now()
    pending = false
    audience.progress(progress)
  }
  const onProgress = (progress: Progress) => {
    const sameWork = best?.label === progress.label && best?.total === progress.total
    const done = Math.min(progress.total, sameWork ? Math.max(best?.done ?? 0, progress.done) : progress.done)
    best = { ...progress, done, secondsLeft: estimate(done, progress.total, now() - started) }
    pending = true
    if (done >= progress.total || now() - told >= MILLISECONDS_BETWEEN_PROGRESS) tell(best)
  }

  try {
    for (;;) {
      const { done, value } = await steps.next(answer)
      if (done) {
        if (best && (pending || best.done < best.total)) tell({ ...best, done: best.total, secondsLeft: 0 })
        return value
      }
      signal.throwIfAborted()
      answer = undefined
      if (value.type === 'progress') {
        const { type: _, ...progress } = value
        onProgress(progress)
      } else if (value.type === 'output') audience.output(value)
      else if (value.type === 'note') audience.note(value.text)
      else {
        const { type: _, ...stage } = value
        // A stage may wait for long.
        if (best && pending) tell(best)
        answer = await audience.stage(stage)
        signal.throwIfAborted()
      }
    }
  } finally {
    await steps.return(undefined as never)
  }
}

function estimate(done: number, total: number, elapsed: number): number | undefined {
  return done > 0 ? ((total - done) * elapsed) / done / 1000 : undefined
}
