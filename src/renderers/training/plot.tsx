import { useMemo } from 'preact/hooks'
import type { TrainingPayload } from '../../kernel/protocol/mime.ts'
import { memo } from '../shared/ui/memo.ts'
import { formatValue } from '../shared/ui/numbers.ts'
import {
  niceTicks,
  paddedRange,
  type Sample,
  sampleAt,
  samplesOf,
  smooth,
  thin,
  tickLabels,
} from './curve.ts'

type Series = TrainingPayload['series'][number]

const WIDTH = 320
const HEIGHT = 150
const LEFT = 44
const BOTTOM = 18
const TOP = 6
const RIGHT = 14
/** More points than this on a curve of this width are not seen. */
const MOST_POINTS = 600

/** The curves of one group over the steps: faint as they were, plain as they are smoothed. */
export const Plot = memo(
  (props: {
    title: string
    series: readonly Series[]
    points: TrainingPayload['points']
    smoothing: number
    lastStep: number
    cursor: number | undefined
    onCursor: (step: number | undefined) => void
  }) => {
    const { title, series, points, smoothing, lastStep, cursor, onCursor } = props
    const curves = useMemo(
      () =>
        series.map(({ name, label, direction }) => {
          const raw = samplesOf(points, name)
          return { name, label, direction, raw, smoothed: smooth(raw, smoothing) }
        }),
      [series, points, smoothing],
    )
    const [low, high] = useMemo(
      () => paddedRange(curves.flatMap(({ raw }) => raw.map(({ value }) => value))),
      [curves],
    )
    const x = (step: number) => LEFT + (step / Math.max(1, lastStep)) * (WIDTH - LEFT - RIGHT)
    const y = (value: number) => TOP + ((high - value) / (high - low)) * (HEIGHT - TOP - BOTTOM)
    const line = (samples: readonly Sample[]) =>
      thin(samples, MOST_POINTS)
        .map(({ step, value }, i) => `${i === 0 ? 'M' : 'L'}${x(step).toFixed(1)} ${y(value).toFixed(1)}`)
        .join('')
    const ticks = niceTicks(low, high, 4)
    const labels = tickLabels(ticks)
    const at = cursor ?? points.at(-1)?.step ?? 0
    const follow = (event: PointerEvent) => {
      const box = (event.currentTarget as SVGElement).getBoundingClientRect()
      const share = ((event.clientX - box.left) * (WIDTH / box.width) - LEFT) / (WIDTH - LEFT - RIGHT)
      onCursor(nearestStep(points, Math.max(0, Math.min(1, share)) * lastStep))
    }

    return (
      <figure class="training-plot">
        <figcaption>{title}</figcaption>
        <svg
          viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
          role="img"
          aria-label={`${title} over ${points.length} steps: ${curves.map(curve => describe(curve.label, curve.smoothed)).join('; ')}`}
          onPointerMove={follow}
          onPointerLeave={() => onCursor(undefined)}
        >
          {ticks.map((value, i) => (
            <g key={value}>
              <line class="training-rule" x1={LEFT} x2={WIDTH - RIGHT} y1={y(value)} y2={y(value)} />
              <text class="training-tick" x={LEFT - 5} y={y(value) + 3.5} text-anchor="end">
                {labels[i]}
              </text>
            </g>
          ))}
          {niceTicks(0, lastStep, 5).map(step => (
            <text key={step} class="training-tick" x={x(step)} y={HEIGHT - 4} text-anchor="middle">
              {step}
            </text>
          ))}
          {curves.map(({ name, raw, smoothed }, i) => (
            <g key={name} class="training-curve" data-series={i % 5}>
              {smoothing > 0 && <path class="training-raw" d={line(raw)} />}
              <path d={line(smoothed)} />
            </g>
          ))}
          {cursor !== undefined && (
            <line class="training-cursor" x1={x(cursor)} x2={x(cursor)} y1={TOP} y2={HEIGHT - BOTTOM} />
          )}
        </svg>
        <ul class="training-legend">
          {curves.map(({ name, label, direction, smoothed }, i) => (
            <li key={name}>
              <span class="training-key" data-series={i % 5} />
              {label}
              {{ higher: ' ↑', lower: ' ↓', none: '' }[direction]}
              <span class="m-number training-value">{formatValue(sampleAt(smoothed, at)?.value)}</span>
            </li>
          ))}
        </ul>
      </figure>
    )
  },
)

function describe(label: string, samples: readonly Sample[]): string {
  const [first, last] = [samples[0], samples.at(-1)]
  return first && last
    ? `${label} from ${formatValue(first.value)} to ${formatValue(last.value)}`
    : `${label} without values`
}

function nearestStep(points: TrainingPayload['points'], wanted: number): number | undefined {
  let best: number | undefined
  for (const { step } of points)
    if (best === undefined || Math.abs(step - wanted) < Math.abs(best - wanted)) best = step
  return best
}
