import type { Vitals } from '../../kernel/protocol/messages.ts'
import type { KernelState } from '../session/kernel-host.ts'

export interface StatusText {
  text: string
  tooltip: string
  /** Shown as a problem. */
  bad: boolean
}

/** What the status bar says of the active study's kernel. */
export function kernelStatus(state: KernelState, busy: boolean, vitals?: Vitals): StatusText {
  switch (state.phase) {
    case 'off':
      return {
        text: '$(circle-outline) Mirage',
        tooltip: 'The kernel is not running. The first cell that runs starts it.',
        bad: false,
      }
    case 'starting':
      return { text: '$(sync~spin) Mirage: starting', tooltip: 'The kernel is starting.', bad: false }
    case 'failed':
      return {
        text: '$(error) Mirage: kernel ended',
        tooltip: `${state.reason}\nThe next cell that runs starts a new one.`,
        bad: true,
      }
    case 'ready': {
      const { info, pid } = state.client
      const lines = [`Kernel ${info.version} on Node ${info.node}, process ${pid}.`, ...describe(vitals)]
      const what = [busy ? 'busy' : 'idle', ...brief(vitals)].join(' · ')
      return {
        text: `${busy ? '$(sync~spin)' : '$(circle-filled)'} Mirage: ${what}`,
        tooltip: lines.join('\n'),
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

function describe(vitals: Vitals | undefined): string[] {
  if (!vitals) return []
  const { provider, providers, memory } = vitals
  return [
    provider ? `Models run on ${provider}.` : 'No model has run yet.',
    ...providers.map(({ name, works, reason }) => `${name}: ${works ? 'works' : reason}`),
    `Memory: kernel ${bytes(memory.kernel)}, compute ${bytes(memory.compute)}.`,
  ]
}

const bytes = (count: number) =>
  count < 1e9 ? `${Math.round(count / 1e6)} MB` : `${(count / 1e9).toFixed(1)} GB`
