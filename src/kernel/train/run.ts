import { rateAt } from '../autodiff/optimisers/index.ts'
import type { Batch } from './batches.ts'
import type { Checkpoint } from './checkpoint.ts'
import type { Control } from './control.ts'
import { type Breach, breachOf, checkGuards, diverged, type Evaluation } from './evaluation.ts'
import { ofParts } from './parts.ts'
import type { StepSession, Vectors } from './sessions.ts'
import { countingTerms, type TrainSettings, weightsAt } from './settings.ts'

/** A logged update. */
export interface Point {
  step: number
  values: Record<string, number>
}

/** What a checkpoint says beside its vectors. */
export interface Progress {
  /** Updates that are done. */
  update: number
  points: Point[]
  evaluations: Evaluation[]
  /** The last update whose weights passed every guard; they are the vector `good`. */
  good: number
}

/** Everything that a training asks of the world. */
export interface Ports {
  step: StepSession
  initial: Vectors
  /** The batch of a step, counted from 0 over all updates and their gathered parts. */
  batch(step: number): Promise<Batch>
  /** Looks at the held-out images with these weights. */
  evaluate(theta: Float32Array, update: number): Promise<Evaluation>
  save(checkpoint: Checkpoint<Progress>): Promise<void>
  /** What the user wants now. */
  control(): Promise<Control>
  /** Lets messages come in, and waits while paused. */
  breathe(milliseconds: number): Promise<void>
  report(state: 'running' | 'paused', progress: Progress): void
  signal: AbortSignal
}

export interface Outcome {
  progress: Progress
  /** The weights that are the result. */
  theta: Float32Array
  /** The update that they are from. */
  from: number
  end:
    | { why: 'done' }
    | { why: 'stopped' }
    | { why: 'guard'; breach: Breach }
    | { why: 'diverged'; step: number }
}

/**
 * Trains, from the start or from a checkpoint. Everything random follows from the seed and the number of the step, so a
 * training that was stopped, however often and wherever, ends with the weights of one that was not.
 *
 * @throws whatever the ports throw; on an abort a checkpoint is written first
 */
export async function train(
  settings: TrainSettings,
  ports: Ports,
  from?: Checkpoint<Progress>,
): Promise<Outcome> {
  const { step: session, signal } = ports
  const { accumulate } = settings.update
  const progress: Progress = from?.progress ?? { update: 0, points: [], evaluations: [], good: 0 }
  const { good: kept, ...state } = from?.vectors ?? {}
  session.load(from ? state : ports.initial)
  let good = kept ?? weightsOf(ports.initial)

  const save = async () => ports.save({ vectors: { ...(await session.state()), good }, progress })
  const outcome = (end: Outcome['end'], theta: Float32Array, at: number): Outcome => ({
    progress,
    theta,
    from: at,
    end,
  })

  if (progress.evaluations.length === 0) progress.evaluations.push(await ports.evaluate(good, 0))
  const [before] = progress.evaluations
  checkGuards(before, settings.guards)
  let next = loading(ports, progress.update * accumulate)

  while (progress.update < settings.steps) {
    const control = await obey(ports, progress)
    if (signal.aborted) {
      await save()
      signal.throwIfAborted()
    }
    if (control === 'stop') {
      await save()
      return outcome({ why: 'stopped' }, weightsOf(await session.state()), progress.update)
    }
    const update = progress.update + 1
    const rate = settings.rate * rateAt(update, settings.steps, settings.schedule)
    const outs: Vectors[] = []
    for (let part = 0; part < accumulate; part++) {
      const step = progress.update * accumulate + part
      const batch = await next
      next = loading(ports, step + 1)
      outs.push(
        await session.run({
          ...batch,
          weights: weightsAt(update, settings),
          rate: Float32Array.of(rate),
          step: Float32Array.of(update),
          apply: Float32Array.of(part === accumulate - 1 ? 1 : 0),
        }),
      )
    }
    const out = ofParts(outs)
    if (!Number.isFinite(out.loss[0]) || !Number.isFinite(out.norm[0])) {
      return outcome({ why: 'diverged', step: update }, good, progress.good)
    }
    progress.update = update
    const terms = countingTerms(settings).map(({ name }, i) => [name, out.terms[i]])
    progress.points.push({
      step: update,
      values: { loss: out.loss[0], ...Object.fromEntries(terms), norm: out.norm[0], rate },
    })
    if (update % settings.every === 0 || update === settings.steps) {
      const theta = weightsOf(await session.state())
      const now = await ports.evaluate(theta, update)
      if (diverged(before, now, settings.terms))
        return outcome({ why: 'diverged', step: update }, good, progress.good)
      progress.evaluations.push(now)
      const breach = breachOf(before, now, settings.guards)
      if (breach) return outcome({ why: 'guard', breach }, good, progress.good)
      good = theta
      progress.good = update
      await save()
    }
    ports.report('running', progress)
  }
  return outcome({ why: 'done' }, good, progress.good)
}

/** The running mean of the weights where there is one. */
function weightsOf(state: Vectors): Float32Array {
  return state.ema ?? state.theta
}

function loading(ports: Ports, step: number): Promise<Batch> {
  const batch = ports.batch(step)
  // Awaited when its turn comes; until then a failure must not count as unhandled.
  batch.catch(() => {})
  return batch
}

/** Waits while the user pauses. */
async function obey(ports: Ports, progress: Progress): Promise<Control> {
  await ports.breathe(0)
  let control = await ports.control()
  if (control === 'pause') ports.report('paused', progress)
  while (control === 'pause' && !ports.signal.aborted) {
    await ports.breathe(200)
    control = await ports.control()
  }
  return control
}
