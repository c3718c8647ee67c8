import { themed } from '../charts/theme.ts'
import type { TrainingPayload } from '../protocol/mime.ts'

/** Above this many points on a curve of this width more are not seen. */
const MOST_POINTS = 400

const GROUPS: { group: TrainingPayload['series'][number]['group']; title: string }[] = [
  { group: 'loss', title: 'Objective' },
  { group: 'reward', title: 'Terms of the reward' },
  { group: 'guard', title: 'Guards, on held-out images' },
  { group: 'schedule', title: 'Schedule' },
]

/** The curves of a training, a chart per group of terms, two in a row; undefined before the first update. */
export function trainingChart({
  series,
  points,
  totalSteps,
}: TrainingPayload): Record<string, unknown> | undefined {
  const charts = GROUPS.flatMap(({ group, title }) => {
    const values = series
      .filter(one => one.group === group)
      .flatMap(({ name, label }) => curveOf(points, name).map(point => ({ ...point, label })))
    return values.length > 0 ? [curves(title, values, totalSteps)] : []
  })
  if (charts.length === 0) return undefined
  return themed({ columns: 2, concat: charts, resolve: { scale: { color: 'independent' } } })
}

function curveOf(points: TrainingPayload['points'], name: string): { step: number; value: number }[] {
  const known = points.flatMap(({ step, values }) =>
    Number.isFinite(values[name]) ? [{ step, value: values[name] }] : [],
  )
  const stride = Math.ceil(known.length / MOST_POINTS)
  return known.filter((_, i) => i % stride === 0 || i === known.length - 1)
}

function curves(title: string, values: { step: number; value: number; label: string }[], totalSteps: number) {
  const labels = [...new Set(values.map(({ label }) => label))]
  return {
    title,
    width: 300,
    height: 150,
    data: { values },
    // One look at the held-out images is a point, not a line.
    mark: { type: 'line', point: values.length <= 20 * labels.length },
    encoding: {
      x: { field: 'step', type: 'quantitative', title: 'update', scale: { domain: [0, totalSteps] } },
      y: { field: 'value', type: 'quantitative', title: null, scale: { zero: false } },
      color: {
        field: 'label',
        type: 'nominal',
        title: null,
        scale: { domain: labels },
        ...(labels.length > 1 ? { legend: { orient: 'bottom', columns: 2 } } : { legend: null }),
      },
    },
  }
}
