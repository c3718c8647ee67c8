import { MirageError } from '../errors.ts'
import type { ImageRef } from '../protocol/mime.ts'
import { SHARPNESS, type TrainSettings, type WeightedTerm } from './settings.ts'

/** What held-out images show after an update (0: before training). */
export interface Evaluation {
  update: number
  images: HeldValues[]
}

export interface HeldValues {
  id: string
  /** Each term, and the sharpness of SR, by name. */
  values: Record<string, number>
  /** What it looks like, for the images that are shown. */
  sr?: ImageRef
}

export interface Breach {
  name: string
  /** Relative worsening, and what was allowed. */
  change: number
  limit: number
}

export function meanOf({ images }: Evaluation, name: string): number {
  return images.reduce((sum, { values }) => sum + values[name], 0) / images.length
}

/** Relative change of a held-out value since before training. */
export function changeOf(before: Evaluation, now: Evaluation, name: string): number {
  return meanOf(now, name) / Math.max(1e-12, meanOf(before, name)) - 1
}

/** Below it a term has nothing that a change could be a share of. */
const NOTHING = 1e-9

/**
 * @throws MirageError `guard-undefined` for a guard on a term that is 0 before training (a distance to what the model made
 * before): whatever happens would be infinitely worse
 */
export function checkGuards(before: Evaluation, guards: TrainSettings['guards']): void {
  const empty = Object.keys(guards).find(name => !(meanOf(before, name) > NOTHING))
  if (empty === undefined) return
  throw new MirageError({
    code: 'guard-undefined',
    message: `The guard on "${empty}" has nothing to compare with: it is ${meanOf(before, empty)} before training, and a guard is a relative change.`,
    remedy: 'Put it into `watch`, or give it a weight in `reward`; guard what is above 0 before training.',
  })
}

/**
 * The first guard that a training breaks: sharpness that moved either way, or a distance that grew, by more than its
 * limit. Against reward hacking: a reward alone can be raised by blur or by noise.
 */
export function breachOf(
  before: Evaluation,
  now: Evaluation,
  guards: TrainSettings['guards'],
): Breach | undefined {
  for (const [name, limit] of Object.entries(guards)) {
    const moved = changeOf(before, now, name)
    const change = name === SHARPNESS ? Math.abs(moved) : moved
    if (!(change <= limit)) return { name, change: moved, limit }
  }
  return undefined
}

/** Growth of the held-out objective beyond which a training is called diverged. */
const DIVERGED = 10

/** Whether held-out images say that the training has left every sensible path. */
export function diverged(before: Evaluation, now: Evaluation, terms: readonly WeightedTerm[]): boolean {
  const objective = (evaluation: Evaluation) =>
    terms.reduce((sum, { name, weight }) => sum + weight * meanOf(evaluation, name), 0)
  const value = objective(now)
  return !Number.isFinite(value) || value > DIVERGED * Math.max(objective(before), 1e-6)
}
