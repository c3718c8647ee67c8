import type { ChartPayload } from '../protocol/mime.ts'
import { signed, themed } from './theme.ts'

export interface MatrixCell {
  row: string
  column: string
  /** Null where there is no correlation. */
  value: number | null
  rows: number
  /** Chart behind the cell, by its key in `details`. */
  detail?: string
}

/** Correlations of every column with every other, as coloured cells that open their scatter plot. */
export function matrixChart(
  title: string,
  names: readonly string[],
  cells: readonly MatrixCell[],
  details: Record<string, ChartPayload>,
): ChartPayload {
  const order = { sort: [...names], axis: { title: null, labelAngle: -40 } }
  const position = {
    x: { field: 'column', type: 'nominal', ...order },
    y: { field: 'row', type: 'nominal', sort: [...names], axis: { title: null } },
  }
  const spec = themed({
    title,
    data: {
      values: cells.map(({ row, column, value, rows, detail }) => ({
        row,
        column,
        value,
        rows,
        label: value === null ? '–' : signed(value),
        ...(detail && { _chart: detail }),
      })),
    },
    width: { step: 46 },
    height: { step: 30 },
    layer: [
      {
        mark: { type: 'rect', cornerRadius: 2 },
        encoding: {
          ...position,
          color: {
            field: 'value',
            type: 'quantitative',
            title: 'SRCC',
            scale: { domain: [-1, 0, 1], range: 'diverging' },
          },
          tooltip: [
            { field: 'row', type: 'nominal', title: 'of' },
            { field: 'column', type: 'nominal', title: 'with' },
            { field: 'label', type: 'nominal', title: 'SRCC' },
            { field: 'rows', type: 'quantitative', title: 'rows' },
          ],
        },
      },
      {
        mark: { type: 'text', color: '#1a1a1a' },
        encoding: {
          ...position,
          text: { field: 'label', type: 'nominal' },
          // The ends of the scale are dark, its middle is light.
          color: { condition: { test: 'abs(datum.value) > 0.75', value: '#ffffff' }, value: '#1a1a1a' },
        },
      },
    ],
  })
  const strongest = cells
    .filter(cell => cell.value !== null && cell.row !== cell.column)
    .toSorted((a, b) => Math.abs(b.value!) - Math.abs(a.value!))[0]
  const most = strongest
    ? ` Strongest: ${strongest.row} with ${strongest.column}, ${signed(strongest.value!)}.`
    : ''
  return {
    spec,
    title,
    description: `Matrix of Spearman correlations between ${names.join(', ')}.${most}`,
    details,
  }
}
