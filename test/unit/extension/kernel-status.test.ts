import { expect, test } from 'vitest'
import type { KernelState } from '../../../src/extension/session/kernel-host.ts'
import { kernelStatus } from '../../../src/extension/views/kernel-status.ts'
import { fakeL10n } from './fakes.ts'

const ready = {
  phase: 'ready',
  client: { info: { version: '1.0.0', node: 'v24.0.0' }, pid: 7 },
} as KernelState

test('the status bar names the provider and the memory, once they are known', () => {
  const memory = { kernel: 100e6, compute: 1.4e9 }
  const providers = [
    { name: 'cpu', works: true },
    { name: 'cuda', works: false, reason: 'libcudart.so.12 is not installed' },
  ]
  expect(kernelStatus(ready, fakeL10n, { busy: true }).text).toBe('$(sync~spin) Mirage: busy')
  expect(
    kernelStatus(ready, fakeL10n, {
      busy: false,
      vitals: { providers: [], memory: { kernel: 80e6, compute: 0 } },
    }).text,
  ).toBe('$(circle-filled) Mirage: idle · 80 MB')
  const { text, tooltip } = kernelStatus(ready, fakeL10n, {
    busy: false,
    vitals: { provider: 'cpu', providers, memory },
  })
  expect(text).toBe('$(circle-filled) Mirage: idle · cpu · 1.5 GB')
  expect(tooltip).toContain('Models run on cpu.')
  expect(tooltip).toContain('cuda: libcudart.so.12 is not installed')
})

test('a kernel that is not there has no vitals to show', () => {
  const vitals = { provider: 'cpu', providers: [], memory: { kernel: 1, compute: 1 } }
  expect(kernelStatus({ phase: 'off' }, fakeL10n, { busy: false, vitals }).text).toBe(
    '$(circle-outline) Mirage',
  )
  expect(kernelStatus({ phase: 'failed', reason: 'It ended.' }, fakeL10n, { busy: false, vitals }).bad).toBe(
    true,
  )
})
