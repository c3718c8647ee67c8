import * as z from 'zod'
import { MirageError } from '../errors.ts'
import { type ColumnInfo, MIME, type TablePayload } from '../protocol/mime.ts'
import { defines } from '../schema.ts'
import type { Fingerprint, StepContext, StepDefinition, StepEvent, StepResult } from '../step.ts'
import type { ModelValue } from '../value.ts'
import { describe, runsOf, type SweepRun } from './sweep/runs.ts'
import { params as trainParams } from './train/params.ts'
import { train } from './train.ts'

const params = z.strictObject({
  train: trainParams.omit({ as: true }).meta({ description: 'A training, as a `train` cell has it.' }),
  over: z.record(z.string(), z.array(z.unknown()).min(1)).meta({
    description: 'What differs from run to run: parameters of `train`, or `rank`, each with its values.',
  }),
  by: z.string().optional().meta({
    description:
      'Held-out term by which the best run is chosen (less is better); the first of the reward by default.',
  }),
  as: defines('Name of the best run’s model, for later cells.').optional(),
})

/** A run that came to its end, or why it did not. */
type Outcome = { run: SweepRun } & ({ result: StepResult; held: HeldRow[] } | { failure: string })

/** A held-out term of one run, as the training's own table of changes has it. */
interface HeldRow {
  term: string
  role: string
  before: number
  after: number
}

/** Trains once for every combination of settings, and compares the runs. */
export const sweep: StepDefinition<typeof params> = {
  name: 'sweep',
  version: 2,
  summary:
    'Trains once for every combination of settings and compares the runs; the result is the best model.',
  params,
  granularity: 'runs',
  runs: ({ train, over }) => runsOf(train, over).length,

  async fingerprint({ train: shared, over }, context): Promise<Fingerprint> {
    const parts = await Promise.all(
      runsOf(shared, over).map(({ params: own }) => train.fingerprint!(own, context)),
    )
    const merged: Fingerprint = {}
    for (const part of parts)
      for (const [kind, values] of Object.entries(part)) merged[kind] = { ...merged[kind], ...values }
    return merged
  },

  async *run(values, context) {
    const all = runsOf(values.train, values.over)
    const chosen = context.part === undefined ? all : [all[context.part]]
    const outcomes: Outcome[] = []
    for (const [n, run] of chosen.entries())
      outcomes.push(yield* trainOne(run, { before: n, count: chosen.length, as: values.as }, context))
    const done = outcomes.filter(outcome => 'result' in outcome)
    if (done.length === 0) {
      // Of one run alone nobody knows whether all fail: those that collect say it.
      if (context.part !== undefined) return { outputs: [], cacheable: false }
      throw nothingLeft(outcomes)
    }
    const by = values.by ?? Object.keys(chosen[0].params.reward)[0]
    const best = bestOf(done, by)
    return {
      value: best.result.value as ModelValue,
      outputs: [comparison(outcomes, best, by), ...done.flatMap(({ run, result }) => curvesOf(run, result))],
      lock: {
        best: best.run.varied,
        runs: done.map(({ run, result }) => ({ ...run.varied, ...result.lock })),
      },
      // What the user ended early is not the result of the cell.
      cacheable: done.every(({ result }) => result.cacheable !== false),
    }
  },
}

/** One training; its progress is its part of that of all, and its outputs and notes carry its number. */
async function* trainOne(
  run: SweepRun,
  { before, count, as }: { before: number; count: number; as: string | undefined },
  context: StepContext,
): AsyncGenerator<StepEvent, Outcome, unknown> {
  const name = `Run ${run.number} (${describe(run.varied)})`
  const steps = train.run({ ...run.params, ...(as !== undefined && { as }) }, context)
  try {
    for (;;) {
      const { done, value } = await steps.next()
      if (done) return { run, result: value, held: heldOf(value) }
      if (value.type === 'progress') {
        const share = (before + value.done / Math.max(1, value.total)) * run.params.steps
        yield { ...value, done: share, total: count * run.params.steps, label: name }
      } else if (value.type === 'note') yield { type: 'note', text: `${name}: ${value.text}` }
      else if (value.type === 'output')
        yield { type: 'output', output: { ...value.output, id: `${value.output.id}-${run.number}` } }
      else yield value
    }
  } catch (error) {
    // One run that cannot be trained does not take the others with it.
    if (!(error instanceof MirageError)) throw error
    yield { type: 'note', text: `${name}: ${error.info.message}` }
    return { run, failure: error.info.message }
  }
}

function heldOf({ outputs }: StepResult): HeldRow[] {
  const change = outputs.find(({ id }) => id === 'change')?.items[0] as { json: TablePayload }
  return change.json.rows as unknown as HeldRow[]
}

type Done = Extract<Outcome, { result: StepResult }>

/** @throws MirageError `sweep-invalid` for a term that no run has */
function bestOf(done: Done[], by: string): Done {
  const heldBy = ({ held }: Done) => held.find(({ term }) => term === by)?.after
  const terms = [...new Set(done.flatMap(({ held }) => held.map(({ term }) => term)))]
  if (!terms.includes(by)) {
    throw new MirageError({
      code: 'sweep-invalid',
      message: `No run looks at "${by}" on held-out images.`,
      remedy: `Choose \`by\` one of: ${terms.join(', ')}.`,
    })
  }
  return done.reduce((best, one) => ((heldBy(one) ?? Infinity) < (heldBy(best) ?? Infinity) ? one : best))
}

function nothingLeft(outcomes: Outcome[]): MirageError {
  const reasons = outcomes.flatMap(outcome => ('failure' in outcome ? outcome.failure : []))
  return new MirageError({
    code: 'sweep-failed',
    message: `No run of the sweep came to an end. ${reasons[0]}`,
    remedy: 'Try lower rates, or see the notes of the single runs.',
  })
}

/** All runs in one table: what differed, and the held-out terms after training. */
function comparison(outcomes: Outcome[], best: Done, by: string) {
  const names = Object.keys(outcomes[0].run.varied)
  const terms = [...new Set(outcomes.flatMap(one => ('held' in one ? one.held.map(({ term }) => term) : [])))]
  const column = (name: string, direction: ColumnInfo['direction']): ColumnInfo => ({
    name,
    label: `held-out ${name}`,
    direction,
    settings: {},
    version: '1',
    source: 'held-out images',
  })
  const rows = outcomes.map(one => ({
    run: String(one.run.number),
    ...one.run.varied,
    ...Object.fromEntries(
      terms.map(term => [
        term,
        'held' in one ? (one.held.find(row => row.term === term)?.after ?? null) : null,
      ]),
    ),
  }))
  const before = best.held.map(row => `${row.term} ${row.before.toPrecision(4)}`).join(', ')
  const notes = [
    `Means over held-out images after training; before it: ${before}.`,
    `Best by ${by}: run ${best.run.number} (${describe(best.run.varied)}).`,
    ...outcomes.flatMap(one => ('failure' in one ? `Run ${one.run.number}: ${one.failure}` : [])),
  ]
  const payload: TablePayload = {
    caption: 'Runs of the sweep',
    keys: ['run', ...names],
    columns: terms.map(term => column(term, term === 'sharpness' ? 'none' : 'lower')),
    rows,
    notes,
  }
  const lines = outcomes.map(one => {
    const held =
      'held' in one ? one.held.map(row => `${row.term} ${row.after.toPrecision(4)}`) : [one.failure]
    return `${one.run.number}. ${describe(one.run.varied)}: ${held.join(', ')}`
  })
  return {
    id: 'sweep',
    items: [
      { mime: MIME.table, json: payload },
      { mime: 'text/plain', text: [...lines, ...notes].join('\n') },
    ],
  }
}

/** The curves of one run, under its number. */
function curvesOf({ number, varied }: SweepRun, { outputs }: StepResult) {
  return outputs
    .filter(({ id }) => id === 'training')
    .map(({ id, items }) => ({
      id: `${id}-${number}`,
      items: items.map(item =>
        'json' in item
          ? { ...item, json: { ...(item.json as object), message: `Run ${number}: ${describe(varied)}` } }
          : item,
      ),
    }))
}
