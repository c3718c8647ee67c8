import * as z from 'zod'
import { MirageError } from '../../errors.ts'
import { type Params as TrainParams, params as trainParams } from '../train/params.ts'

/** One training of a sweep. */
export interface SweepRun {
  /** Its place in the sweep, from 1. */
  number: number
  /** What differs from run to run, as it is shown: `{ rate: '0.0001', rank: '8' }`. */
  varied: Record<string, string>
  params: TrainParams
}

/** Runs of one sweep; more are a mistake more often than a wish. */
const MOST = 256

/**
 * Every combination of the values under `over`, the last name varying fastest. `rank` stands for that of a LoRA adapter;
 * every other name is a parameter of `train`.
 *
 * @throws MirageError `sweep-invalid`
 */
export function runsOf(train: Record<string, unknown>, over: Record<string, unknown[]>): SweepRun[] {
  const count = Object.values(over).reduce((product, values) => product * values.length, 1)
  if (count > MOST) {
    throw new MirageError({
      code: 'sweep-invalid',
      message: `The sweep has ${count} runs; at most ${MOST} are made.`,
      remedy: 'Vary fewer things at a time.',
    })
  }
  let combinations: Record<string, unknown>[] = [{}]
  for (const [name, values] of Object.entries(over))
    combinations = combinations.flatMap(before => values.map(value => ({ ...before, [name]: value })))
  return combinations.map((chosen, index) => {
    const { rank, ...rest } = chosen
    const written = {
      ...train,
      ...rest,
      ...(rank !== undefined && { adapter: withRank(train.adapter, rank) }),
    }
    const parsed = trainParams.safeParse(written)
    const varied = Object.fromEntries(Object.entries(chosen).map(([name, value]) => [name, shown(value)]))
    if (parsed.success) return { number: index + 1, varied, params: parsed.data }
    throw new MirageError({
      code: 'sweep-invalid',
      message: `Run ${index + 1} (${describe(varied)}) is no training: ${z.prettifyError(parsed.error).replaceAll('\n', ' ')}`,
      remedy: 'Under `over` write parameters of `train`, or `rank`, each with a list of values.',
    })
  })
}

export const describe = (varied: Record<string, string>): string =>
  Object.entries(varied)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')

function withRank(adapter: unknown, rank: unknown): unknown {
  const settings = (adapter as { lora?: object } | undefined)?.lora
  return { lora: { ...settings, rank } }
}

function shown(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value)
  return JSON.stringify(value).replace(/[{}"]/g, '').replaceAll(',', ', ')
}
