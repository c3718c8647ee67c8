import { ACCENT, themed } from '../charts/theme.ts'
import type { TrainingPayload } from '../protocol/mime.ts'

/** Above this many points on a curve of this width more are not seen. */
const MOST_POINTS = 400

/** Looks at the held-out images that are drawn as points too: one alone is no line. */
const FEW_POINTS = 20

const GROUPS: { group: TrainingPayload['series'][number]['group']; title: string }[] = [
  { group: 'loss', title: 'Loss' },
  { group: 'reward', title: 'Reward' },
  { group: 'guard', title: 'Guards' },
  { group: 'schedule', title: 'Schedule' },
]

/** The curves of a training, a chart each, as their scales differ; undefined before the first update. */
export function trainingChart({
  series,
  points,
  totalSteps,
}: TrainingPayload): Record<string, unknown> | undefined {
  const charts = GROUPS.flatMap(({ group, title }) =>
    series
      .filter(one => one.group === group)
      .flatMap(({ name, label }) => {
        const values = curveOf(points, name)
        return values.length > 0 ? [curve(`${title}: ${label}`, values, totalSteps)] : []
      }),
  )
  return charts.length > 0 ? themed({ columns: 3, concat: charts }) : undefined
}

function curveOf(points: TrainingPayload['points'], name: string): { step: number; value: number }[] {
  const known = points.flatMap(({ step, values }) =>
    Number.isFinite(values[name]) ? [{ step, value: values[name] }] : [],
  )
  const stride = Math.ceil(known.length / MOST_POINTS)
  return known.filter((_, i) => i % stride === 0 || i === known.length - 1)
}

function curve(title: string, values: { step: number; value: number }[], totalSteps: number) {
  return {
    title,
    width: 220,
    height: 110,
    data: { values },
    mark: { type: 'line', color: ACCENT, point: values.length <= FEW_POINTS && { color: ACCENT } },
    encoding: {
      x: { field: 'step', type: 'quantitative', title: null, scale: { domain: [0, totalSteps] } },
      y: { field: 'value', type: 'quantitative', title: null, scale: { zero: false } },
    },
  }
}
