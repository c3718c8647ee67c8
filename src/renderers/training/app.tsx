import { useEffect, useState } from 'preact/hooks'
import type { TrainingPayload } from '../../kernel/protocol/mime.ts'
import type { ViewProps } from '../shared/activate.tsx'
import { Button, Slider } from '../shared/ui/controls.tsx'
import { formatValue } from '../shared/ui/numbers.ts'
import { Plot } from './plot.tsx'
import { Samples } from './samples.tsx'

export interface TrainingState {
  smoothing: number
  /** Undefined follows the newest. */
  step?: number
}

const GROUPS = [
  { group: 'loss', title: 'Loss' },
  { group: 'reward', title: 'Reward' },
  { group: 'guard', title: 'Guards' },
  { group: 'schedule', title: 'Schedule' },
] as const

const STATES: Record<TrainingPayload['state'], string> = {
  running: 'Running',
  paused: 'Paused',
  stopped: 'Stopped',
  done: 'Done',
  failed: 'Failed',
}

type Action = 'pause' | 'resume' | 'stop'

/** A fine-tuning run while it runs and afterwards. */
export function Training({
  payload,
  services,
  remembered,
  remember,
}: ViewProps<TrainingPayload, TrainingState>) {
  const [state, setState] = useState<TrainingState>({ smoothing: 0.8, ...remembered })
  const [cursor, setCursor] = useState<number | undefined>()
  const update = (patch: Partial<TrainingState>) => {
    const next = { ...state, ...patch }
    setState(next)
    remember(next)
  }
  const { series, points, samples, totalSteps } = payload
  const step = points.at(-1)?.step ?? 0
  const walk = (event: KeyboardEvent) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    if (event.key === 'Escape') setCursor(undefined)
    else if (by === undefined) return
    else {
      const at = points.findLastIndex(point => point.step <= (cursor ?? step))
      const next = Math.max(0, Math.min(points.length - 1, at + by * (event.shiftKey ? 10 : 1)))
      setCursor(points[next]?.step)
    }
    event.preventDefault()
    event.stopPropagation()
  }

  return (
    <div class="training">
      <div class="m-toolbar">
        <span class="training-state" data-state={payload.state} role="status">
          {STATES[payload.state]}
        </span>
        <progress
          class="training-progress"
          max={Math.max(1, totalSteps)}
          value={step}
          aria-label="Steps done"
        />
        <span class="m-number">
          {step} / {totalSteps}
        </span>
        {payload.secondsLeft !== undefined && payload.state === 'running' && (
          <span class="m-muted m-number">{formatDuration(payload.secondsLeft)} left</span>
        )}
        <Actions
          payload={payload}
          tell={
            services.host && (action => services.host!.tell({ type: 'training', run: payload.run, action }))
          }
        />
        <span class="m-spring" />
        <Slider
          label="Smoothing"
          value={state.smoothing}
          min={0}
          max={0.99}
          step={0.01}
          text={formatValue(state.smoothing, 2)}
          onInput={smoothing => update({ smoothing })}
        />
      </div>
      {payload.message && (
        <p class={`m-message${payload.state === 'failed' ? ' m-error' : ''}`}>{payload.message}</p>
      )}
      {points.length === 0 ? (
        <p class="m-message">No step is done yet.</p>
      ) : (
        <div
          class="training-plots"
          role="application"
          aria-label="Curves. The arrow keys read them step by step."
          tabIndex={0}
          onKeyDown={walk}
          onBlur={() => setCursor(undefined)}
        >
          {GROUPS.flatMap(({ group, title }) => plotsOf(group, title, series)).map(plot => (
            <Plot
              key={plot.title}
              title={plot.title}
              series={plot.series}
              points={points}
              smoothing={plot.smoothed ? state.smoothing : 0}
              lastStep={
                payload.state === 'running' || payload.state === 'paused' ? Math.max(step, totalSteps) : step
              }
              cursor={cursor}
              onCursor={setCursor}
            />
          ))}
        </div>
      )}
      <span class="m-hidden" role="status">
        {cursor !== undefined && spoken(payload, cursor)}
      </span>
      <Samples
        samples={samples}
        services={services}
        step={state.step}
        onStep={next => update({ step: next })}
      />
    </div>
  )
}

/** The values of one step, for screen readers. */
function spoken({ points, series }: TrainingPayload, step: number): string {
  const values = points.find(point => point.step === step)?.values ?? {}
  return [`step ${step}`, ...series.map(({ name, label }) => `${label} ${formatValue(values[name])}`)].join(
    ', ',
  )
}

/** One plot per group; terms of a reward and guards have scales of their own, so each gets its own plot. */
function plotsOf(group: (typeof GROUPS)[number]['group'], title: string, series: TrainingPayload['series']) {
  const members = series.filter(member => member.group === group)
  if (group === 'loss' || members.length === 0)
    return members.length > 0 ? [{ title, series: members, smoothed: true }] : []
  return members.map(member => ({
    title: `${title}: ${member.label}`,
    series: [member],
    // Only what is measured on a few random crops has noise to look through: held-out images are the same every time.
    smoothed: group === 'reward',
  }))
}

/** Pause, go on and stop reach the kernel; until it says so, the button waits. */
function Actions({
  payload,
  tell,
}: {
  payload: TrainingPayload
  tell: ((action: Action) => void) | undefined
}) {
  const [asked, setAsked] = useState<Action | undefined>()
  useEffect(() => setAsked(undefined), [payload.state])
  if (!tell || !['running', 'paused'].includes(payload.state)) return null
  const ask = (action: Action) => {
    setAsked(action)
    tell(action)
  }
  return (
    <div class="m-group">
      {payload.state === 'running' ? (
        <Button icon="pause" label="Pause" disabled={asked !== undefined} onPress={() => ask('pause')} />
      ) : (
        <Button icon="play" label="Resume" disabled={asked !== undefined} onPress={() => ask('resume')} />
      )}
      <Button
        icon="stop"
        label="Stop and keep what was learnt"
        disabled={asked === 'stop'}
        onPress={() => ask('stop')}
      />
    </div>
  )
}

/** `1 h 05 min`, `3 min 20 s`, `12 s`. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '–'
  const whole = Math.max(0, Math.round(seconds))
  const two = (value: number) => String(value).padStart(2, '0')
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`
  return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`
}
