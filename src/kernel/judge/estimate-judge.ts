import { z } from 'zod'
import type { MeasuredRow, Use } from '../metrics/measure.ts'
import { metricByName } from '../metrics/registry.ts'
import type { StepContext, StepEvent } from '../step.ts'
import type { StudyTable } from '../value.ts'
import { HS_ESTIMATE } from './hs-estimate.ts'
import type { JudgeKind } from './judges.ts'
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
        const measured = yield* measure(table, model.columns, context)
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
          complete: true,
          calls: 0,
          settings: { estimate: true, version, model, figures, source },
        }
      },
    }
  },
}

/** Measures the columns of a model, each metric with its default settings. */
async function* measure(
  { rows }: StudyTable,
  columns: readonly string[],
  { compute, signal }: StepContext,
): AsyncGenerator<StepEvent, MeasuredRow[]> {
  const uses = columns.map((column): Use => {
    const settings = metricByName(column).settings.parse({}) as Record<string, unknown>
    return { column, metric: column, settings }
  })
  const measured: MeasuredRow[] = []
  while (measured.length < rows.length) {
    const chunk = rows.slice(measured.length, measured.length + CHUNK).map(({ images }) => ({ images }))
    measured.push(...(await compute.run('measure', { rows: chunk, uses, maps: false }, { signal })))
    yield { type: 'progress', done: measured.length, total: rows.length, label: 'Estimating', unit: 'rows' }
  }
  return measured
}
