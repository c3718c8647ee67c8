import type { KernelState } from '../session/kernel-host.ts'

export interface StatusText {
  text: string
  tooltip: string
  /** Shown as a problem. */
  bad: boolean
}

/** What the status bar says of the active study's kernel. */
export function kernelStatus(state: KernelState, busy: boolean): StatusText {
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
      const tooltip = `Kernel ${info.version} on Node ${info.node}, process ${pid}.`
      return busy
        ? { text: '$(sync~spin) Mirage: busy', tooltip, bad: false }
        : { text: '$(circle-filled) Mirage: idle', tooltip, bad: false }
    }
  }
}
