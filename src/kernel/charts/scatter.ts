import type { ChartLink, ChartPayload } from '../protocol/mime.ts'
import type { LinePoint } from '../stats/fits/line.ts'
import { ACCENT, methodColour, type PointDatum, themed } from './theme.ts'

export interface ScatterInput {
  title: string
  /** The correlation and what it rests on, shown under the title. */
  subtitle: string
  x: string
  y: string
  points: readonly PointDatum[]
  methods: readonly string[]
  /** Fitted line with its interval; none where there is no line. */
  line: readonly LinePoint[]
  links?: ChartLink[]
}

/** Points coloured by method, with the fitted line and its interval. */
export function scatterChart({
  title,
  subtitle,
  x,
  y,
  points,
  methods,
  line,
  links,
}: ScatterInput): ChartPayload {
  const band = line.some(point => point.low !== null)
  const spec = themed({
    title: { text: title, subtitle },
    width: 420,
    height: 320,
    layer: [
      ...(band
        ? [
            {
              data: { values: line.map(({ x: at, low, high }) => ({ x: at, low, high })) },
              mark: { type: 'area', color: ACCENT, opacity: 0.18 },
              encoding: { x: axis('x', x), y: { ...axis('low', y) }, y2: { field: 'high' } },
            },
          ]
        : []),
      ...(line.length > 0
        ? [
            {
              data: { values: line.map(({ x: at, y: height }) => ({ x: at, y: height })) },
              mark: { type: 'line', color: ACCENT },
              encoding: { x: axis('x', x), y: axis('y', y) },
            },
          ]
        : []),
      {
        data: { values: [...points] },
        mark: { type: 'circle' },
        encoding: {
          x: axis('x', x),
          y: axis('y', y),
          color: methodColour(methods),
          tooltip: [
            { field: 'id', type: 'nominal', title: 'image' },
            { field: 'method', type: 'nominal', title: 'method' },
            { field: 'x', type: 'quantitative', title: x, format: '.4~g' },
            { field: 'y', type: 'quantitative', title: y, format: '.4~g' },
          ],
        },
      },
    ],
  })
  return {
    spec,
    title,
    description: `Scatter plot of ${y} against ${x}, ${points.length} points of ${methods.length} methods. ${subtitle}`,
    ...(links && { links }),
  }
}

const axis = (field: string, title: string) => ({
  field,
  type: 'quantitative',
  title,
  scale: { zero: false },
})
