import type { ChartPayload } from '../protocol/mime.ts'
import { ACCENT, signed, themed } from './theme.ts'

export interface ForestRow {
  view: string
  label: string
  value: number
  low: number | null
  high: number | null
  rows: number
  images: number
  /** Chart behind the mark, by its key in `details`. */
  detail?: string
}

/** Correlations with their bootstrap intervals, one panel per view, predictors in one order throughout. */
export function forestChart(
  title: string,
  labels: readonly string[],
  rows: readonly ForestRow[],
  details: Record<string, ChartPayload>,
): ChartPayload {
  const views = [...new Set(rows.map(row => row.view))]
  const y = { field: 'label', type: 'nominal', sort: [...labels], axis: { title: null } }
  const scale = { domain: [-1, 1] }
  const spec = themed({
    title,
    data: {
      values: rows.map(({ detail, ...row }) => ({
        ...row,
        text: `${signed(row.value)}${row.low === null || row.high === null ? '' : ` [${signed(row.low)}, ${signed(row.high)}]`}`,
        ...(detail && { _chart: detail }),
      })),
    },
    facet: { field: 'view', type: 'nominal', sort: views, header: { title: null } },
    columns: 3,
    spec: {
      width: 190,
      height: { step: 20 },
      layer: [
        { mark: { type: 'rule', strokeDash: [3, 3], opacity: 0.7 }, encoding: { x: { datum: 0 } } },
        {
          transform: [{ filter: 'isValid(datum.low) && isValid(datum.high)' }],
          mark: { type: 'rule', color: ACCENT, strokeWidth: 2 },
          encoding: { x: { field: 'low', type: 'quantitative', scale }, x2: { field: 'high' }, y },
        },
        {
          mark: { type: 'point', filled: true, size: 70, color: ACCENT, opacity: 1 },
          encoding: {
            x: { field: 'value', type: 'quantitative', title: 'SRCC', scale },
            y,
            tooltip: [
              { field: 'view', type: 'nominal', title: 'view' },
              { field: 'label', type: 'nominal', title: 'predictor' },
              { field: 'text', type: 'nominal', title: 'SRCC' },
              { field: 'rows', type: 'quantitative', title: 'rows' },
              { field: 'images', type: 'quantitative', title: 'images' },
            ],
          },
        },
      ],
    },
  })
  const lines = rows.map(({ view, label, value }) => `${view}, ${label} ${signed(value)}`)
  return {
    spec,
    title,
    description: `Spearman correlations with bootstrap intervals: ${lines.slice(0, 12).join('; ')}${lines.length > 12 ? ' ...' : ''}.`,
    details,
  }
}
