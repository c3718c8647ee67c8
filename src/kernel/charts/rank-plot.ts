import type { ChartPayload } from '../protocol/mime.ts'
import type { Standing } from '../stats/analysis/ranking.ts'
import { methodColour, themed } from './theme.ts'

/** The methods' places by each column, 1 at the top, with the range of places over bootstrap draws of images. */
export function rankPlot(
  title: string,
  columns: readonly string[],
  methods: readonly string[],
  standings: readonly Standing[],
): ChartPayload {
  const x = { field: 'column', type: 'nominal', sort: [...columns], axis: { title: null, labelAngle: -40 } }
  const xOffset = { field: 'method', type: 'nominal', sort: [...methods] }
  const scale = { domain: [0.5, methods.length + 0.5], reverse: true, nice: false }
  const y = { field: 'rank', type: 'quantitative', title: 'rank (1 = best)', scale, axis: { tickMinStep: 1 } }
  const color = methodColour(methods)
  const spec = themed({
    title,
    data: { values: standings.map(standing => ({ ...standing })) },
    width: { step: Math.max(50, 16 * methods.length), for: 'position' },
    height: 260,
    layer: [
      {
        transform: [{ filter: 'isValid(datum.rankLow) && isValid(datum.rankHigh)' }],
        mark: { type: 'rule', strokeWidth: 3, opacity: 0.35 },
        encoding: { x, xOffset, y: { ...y, field: 'rankLow' }, y2: { field: 'rankHigh' }, color },
      },
      {
        mark: { type: 'point', filled: true, size: 90, opacity: 1 },
        encoding: {
          x,
          xOffset,
          y,
          color,
          tooltip: [
            { field: 'column', type: 'nominal', title: 'by' },
            { field: 'method', type: 'nominal', title: 'method' },
            { field: 'rank', type: 'quantitative', title: 'rank' },
            { field: 'rankLow', type: 'quantitative', title: 'from', format: '.1~f' },
            { field: 'rankHigh', type: 'quantitative', title: 'to', format: '.1~f' },
            { field: 'mean', type: 'quantitative', title: 'mean', format: '.4~g' },
          ],
        },
      },
    ],
  })
  const orders = columns.map(column => {
    const own = standings.filter(standing => standing.column === column).toSorted((a, b) => a.rank - b.rank)
    return `${column}: ${own.map(({ method }) => method).join(' > ')}`
  })
  return { spec, title, description: `Methods ranked by their means. ${orders.join('; ')}.` }
}
