import type { Vitals } from '../../kernel/protocol/messages.ts'
import type { KernelState } from '../session/kernel-host.ts'
import type { vscode } from '../vscode.ts'

export interface StatusText {
  text: string
  tooltip: string
  /** Shown as a problem. */
  bad: boolean
}

interface Facts {
  busy: boolean
  vitals?: Vitals
}

/** What turns a sentence, with `{0}` and so on for its parts, into the language of the editor. */
type Translator = Pick<typeof vscode.l10n, 't'>

/** What the status bar says of the active study's kernel. */
export function kernelStatus(state: KernelState, l10n: Translator, { busy, vitals }: Facts): StatusText {
  switch (state.phase) {
    case 'off':
      return {
        text: '$(circle-outline) Mirage',
        tooltip: l10n.t('The kernel is not running. The first cell that runs starts it.'),
        bad: false,
      }
    case 'starting':
      return {
        text: `$(sync~spin) Mirage: ${l10n.t('starting')}`,
        tooltip: l10n.t('The kernel is starting.'),
        bad: false,
      }
    case 'failed':
      return {
        text: `$(error) Mirage: ${l10n.t('kernel ended')}`,
        tooltip: [state.reason, l10n.t('The next cell that runs starts a new one.')].join('\n'),
        bad: true,
      }
    case 'ready': {
      const { info, pid } = state.client
      const head = l10n.t('Kernel {0} on Node {1}, process {2}.', info.version, info.node, pid)
      const what = [busy ? l10n.t('busy') : l10n.t('idle'), ...brief(vitals)].join(' · ')
      return {
        text: `${busy ? '$(sync~spin)' : '$(circle-filled)'} Mirage: ${what}`,
        tooltip: [head, ...describe(vitals, l10n)].join('\n'),
        bad: false,
      }
    }
  }
}

function brief(vitals: Vitals | undefined): string[] {
  if (!vitals) return []
  const { provider, memory } = vitals
  return [...(provider ? [provider] : []), bytes(memory.kernel + memory.compute)]
}

function describe(vitals: Vitals | undefined, l10n: Translator): string[] {
  if (!vitals) return []
  const { provider, providers, memory } = vitals
  return [
    provider ? l10n.t('Models run on {0}.', provider) : l10n.t('No model has run yet.'),
    ...providers.map(({ name, works, reason }) => `${name}: ${works ? l10n.t('works') : reason}`),
    l10n.t('Memory: kernel {0}, compute {1}.', bytes(memory.kernel), bytes(memory.compute)),
  ]
}

const bytes = (count: number) =>
  count < 1e9 ? `${Math.round(count / 1e6)} MB` : `${(count / 1e9).toFixed(1)} GB`
