import * as z from 'zod'
import { type FailedRow, isFailed } from '../compute/isolate.ts'
import { runRows } from '../compute/rows.ts'
import { MirageError } from '../errors.ts'
import { metricByName } from '../metrics/registry.ts'
import { type MeasuredRow, type Use, unmeasured } from '../metrics/row.ts'
import { reasonOf, type StepContext, type StepEvent } from '../step.ts'
import type { StudyTable } from '../value.ts'
import { HS_ESTIMATE } from './hs-estimate.ts'
import type { JudgeKind } from './judge-kind.ts'
import { estimated, toldFigures } from './proxy-judge.ts'

/** Rows measured in one job. */
const CHUNK = 8

const settings = z.literal('estimate').meta({
  description:
    'The HS estimate that comes with Mirage: computed from the images, free, asks no model. It is labelled as an estimate wherever it goes.',
})

/** Scores by the shipped estimate. It measures what it needs, sends nothing and costs nothing. */
export const estimateJudge: JudgeKind<typeof settings> = {
  kind: 'estimate',
  settings,
  async fingerprint() {
    return { estimate: { hs: HS_ESTIMATE.version } }
  },
  async *prepare(_, { table, context }) {
    const { model, figures, version, source } = HS_ESTIMATE
    return {
      name: 'estimate',
      async *run() {
        const { measured, failed } = yield* measure(table, model.columns, context)
        const rows = measured.map(({ values, missing }) => {
          const judgement = estimated(model, values)
          if (judgement.kind === 'score') return [judgement]
          return [{ ...judgement, reason: [...new Set(Object.values(missing))].join('; ') }]
        })
        const told = toldFigures(figures)
        return {
          name: 'estimate',
          rows,
          origin: `an ESTIMATE from ${model.columns.join(', ')}, no judge was asked; ${told}`,
          estimate: told,
          complete: failed === 0,
          calls: 0,
          settings: { estimate: true, version, model, figures, source },
        }
      },
    }
  },
}

/**
 * Measures the columns of a model, each metric with its default settings. A row that cannot be measured says why; when no
 * row can, that is an error, but of a part of the rows nobody knows whether all fail.
 */
async function* measure(
  { rows }: StudyTable,
  columns: readonly string[],
  { compute, signal, share }: StepContext,
): AsyncGenerator<StepEvent, { measured: MeasuredRow[]; failed: number }> {
  const uses = columns.map((column): Use => {
    const settings = metricByName(column).settings.parse({}) as Record<string, unknown>
    return { column, metric: column, settings }
  })
  const measured: MeasuredRow[] = []
  const failures: FailedRow[] = []
  while (measured.length < rows.length) {
    const chunk = rows.slice(measured.length, measured.length + CHUNK).map(({ images }) => ({ images }))
    const results = await runRows(compute, 'measure', { rows: chunk, uses, maps: false }, { signal })
    failures.push(...results.filter(isFailed))
    measured.push(
      ...results.map(result =>
        isFailed(result) ? unmeasured(uses, reasonOf({ error: result.failed })) : result,
      ),
    )
    yield { type: 'progress', done: measured.length, total: rows.length, label: 'Estimating', unit: 'rows' }
  }
  if (failures.length > 0 && failures.length === rows.length && share === undefined)
    throw new MirageError(failures[0].failed)
  return { measured, failed: failures.length }
}
