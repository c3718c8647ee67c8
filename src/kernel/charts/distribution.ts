import type { ChartLink, ChartPayload } from '../protocol/mime.ts'
import { methodColour, themed } from './theme.ts'

export interface DistributionDatum {
  _row: number
  id: string
  method: string
  value: number
}

/** A box per method over its points, which are set apart sideways so that equal scores don't hide each other. */
export function distributionChart(
  column: string,
  methods: readonly string[],
  values: readonly DistributionDatum[],
  links: ChartLink[],
): ChartPayload {
  const title = `${column} by method`
  const x = { field: 'method', type: 'nominal', sort: [...methods], axis: { title: null, labelAngle: -20 } }
  const y = { field: 'value', type: 'quantitative', title: column, scale: { zero: false } }
  const spec = themed({
    title,
    // Multiples of the golden ratio fill an interval evenly, the same way each time.
    data: { values: values.map((datum, k) => ({ ...datum, aside: ((k * 0.6180339887) % 1) - 0.5 })) },
    width: { step: 76 },
    height: 280,
    layer: [
      {
        mark: { type: 'boxplot', extent: 'min-max', size: 40, opacity: 0.3 },
        encoding: { x, y, color: { ...methodColour(methods), legend: null } },
      },
      {
        mark: { type: 'circle', size: 26 },
        encoding: {
          x,
          y,
          xOffset: { field: 'aside', type: 'quantitative', scale: { domain: [-0.9, 0.9] } },
          color: { ...methodColour(methods), legend: null },
          tooltip: [
            { field: 'id', type: 'nominal', title: 'image' },
            { field: 'method', type: 'nominal', title: 'method' },
            { field: 'value', type: 'quantitative', title: column, format: '.4~g' },
          ],
        },
      },
    ],
  })
  const means = methods.map(method => {
    const own = values.filter(datum => datum.method === method)
    if (own.length === 0) return `${method} no values`
    return `${method} ${(own.reduce((sum, datum) => sum + datum.value, 0) / own.length).toFixed(2)}`
  })
  return {
    spec,
    title,
    description: `Distribution of ${column} by method; means: ${means.join(', ')}.`,
    links,
  }
}
