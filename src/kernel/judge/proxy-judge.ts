import * as z from 'zod'
import { MirageError } from '../errors.ts'
import { reads } from '../schema.ts'
import type { CalibrationFigures } from '../stats/calibration/figures.ts'
import { type CalibrationModel, calibrationModel, estimate } from '../stats/calibration/model.ts'
import type { StudyTable } from '../value.ts'
import type { JudgeKind } from './judge-kind.ts'
import type { Judgement } from './judgement.ts'

export const proxySettings = z.strictObject({
  proxy: reads('proxy', 'An estimate that a `calibrate` cell made; its columns must be in the table.'),
})

/** Estimates the score from columns of the table, by a calibration of this study. It sees no image and costs nothing. */
export const proxyJudge: JudgeKind<typeof proxySettings> = {
  kind: 'proxy',
  settings: proxySettings,
  async *prepare({ proxy: name }, { table, context }) {
    const { model: kept } = context.input(name, 'proxy')
    const { validation, ...fields } = kept
    const model = calibrationModel.parse(fields)
    requireColumns(model, table, name)
    const figures = (validation as { figures?: CalibrationFigures[] } | undefined)?.figures ?? []
    return {
      name,
      async *run() {
        return {
          name: `estimate ${name}`,
          rows: table.rows.map(({ values }) => [estimated(model, values)]),
          origin: `an ESTIMATE from ${model.columns.join(', ')}, no judge was asked; ${toldFigures(figures)}`,
          estimate: toldFigures(figures),
          complete: true,
          calls: 0,
          settings: { estimate: true, proxy: name, model, validation },
        }
      },
    }
  },
}

/** The estimate of one row, or which column it lacks. */
export function estimated(model: CalibrationModel, values: StudyTable['rows'][number]['values']): Judgement {
  const lacking = model.columns.filter(column => typeof values[column] !== 'number')
  if (lacking.length > 0)
    return {
      kind: 'none',
      repeat: 0,
      reason: `the estimate needs ${lacking.join(', ')}, which this row does not have`,
    }
  const score = estimate(
    model,
    model.columns.map(column => Number(values[column])),
  )
  return { kind: 'score', repeat: 0, score, findings: [] }
}

/** Cross-validated figures in words; they go wherever an estimate goes. */
export function toldFigures(figures: readonly CalibrationFigures[]): string {
  if (figures.length === 0) return 'how good it is was not measured'
  const told = figures.map(({ view, srcc, srccLow, srccHigh, images }) => {
    if (srcc === null) return `${view} not defined`
    const interval =
      srccLow === null || srccHigh === null ? '' : ` [${srccLow.toFixed(2)}, ${srccHigh.toFixed(2)}]`
    return `${view} ${srcc.toFixed(2)}${interval} over ${images} images`
  })
  return `cross-validated SRCC with real judgements: ${told.join('; ')}`
}

function requireColumns(model: CalibrationModel, table: StudyTable, name: string): void {
  const missing = model.columns.filter(column => !table.columns.some(known => known.name === column))
  if (missing.length === 0) return
  throw new MirageError({
    code: 'column-unknown',
    message: `The estimate "${name}" needs the columns ${missing.join(', ')}, which the table does not have.`,
    remedy: `Measure them first, such as \`metrics: { use: [${missing.join(', ')}] }\` before this cell.`,
  })
}
