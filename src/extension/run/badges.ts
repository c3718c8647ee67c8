import type { Freshness } from '../../kernel/protocol/messages.ts'
import { rateText } from '../../notebook/rate-text.ts'
import type { vscode } from '../vscode.ts'
import type { CellRun, Progress } from './cell-run.ts'

type Translator = Pick<typeof vscode.l10n, 't'>

/** What is known of a cell beside its run. */
export interface CellFacts {
  freshness?: Freshness
  /** Its outputs are those of an earlier session. */
  saved?: { finished: string; edited: boolean }
}

/** An item of the cell's status bar. */
export interface Badge {
  text: string
  tooltip: string
  command?: string
}

/** What a cell says of itself below its text. Run time is shown by VS Code. */
export function badgesOf(run: CellRun, facts: CellFacts, l10n: Translator): Badge[] {
  if (run.phase === 'queued') return []
  if (run.phase === 'running') return run.progress ? [progressBadge(run.progress, l10n)] : []
  const badges: Badge[] = []
  if (facts.saved) badges.push(savedBadge(facts.saved, l10n))
  if (facts.freshness === 'stale') {
    badges.push({
      text: `$(warning) ${l10n.t('stale')}`,
      tooltip: l10n.t(
        'Something that this cell depends on has changed since it ran. Click to run every stale cell.',
      ),
      command: 'mirage.runStale',
    })
  } else if (run.phase === 'done' && run.outcome.kind === 'succeeded' && run.outcome.cached) {
    badges.push({
      text: `$(database) ${l10n.t('cached')}`,
      tooltip: l10n.t('Nothing that this cell depends on has changed, so its stored result was used.'),
    })
  }
  return badges
}

function savedBadge({ finished, edited }: NonNullable<CellFacts['saved']>, l10n: Translator): Badge {
  const when = finished.slice(0, 16).replace('T', ' ')
  return {
    text: `$(history) ${edited ? l10n.t('saved, edited since') : l10n.t('saved')}`,
    tooltip: edited
      ? l10n.t('This output was saved with the study on {0} UTC; the cell was edited since.', when)
      : l10n.t('This output was saved with the study on {0} UTC.', when),
  }
}

function progressBadge(progress: Progress, l10n: Translator): Badge {
  return {
    text: `$(sync~spin) ${progressText(progress, l10n)}`,
    tooltip: l10n.t('Interrupt with the stop button of the cell.'),
  }
}

/** Such as `upscale 12/40 · 1.3 images/s · 22 s left`. */
export function progressText(
  { done, total, label, rate, unit, secondsLeft }: Progress,
  l10n: Translator,
): string {
  const parts = [`${label ? `${label} ` : ''}${round(done)}/${round(total)}`]
  if (rate !== undefined && rate > 0) parts.push(`${rateText(rate)} ${unit ?? ''}/s`)
  if (secondsLeft !== undefined && secondsLeft >= 1) parts.push(l10n.t('{0} left', durationText(secondsLeft)))
  return parts.join(' · ')
}

function round(amount: number): string {
  return Number.isInteger(amount) ? String(amount) : amount.toFixed(1)
}

/** Such as `8 s`, `3 min`, `2 h 5 min`. */
export function durationText(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 90) return `${minutes} min`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
