import { describe, expect, test } from 'vitest'
import type { Compute } from '../../../src/kernel/compute/compute.ts'
import { probe } from '../../../src/kernel/compute/jobs/probe.ts'
import { MirageError } from '../../../src/kernel/errors.ts'
import { chooseProvider, probeProviders } from '../../../src/kernel/models/probe.ts'
import type { ProviderState } from '../../../src/kernel/models/providers.ts'
import { PROVIDERS, type ProviderName } from '../../../src/kernel/models/providers.ts'

const signal = new AbortController().signal

/** A compute whose probe answers from a table; names that it does not hold crash. */
function machine(answers: Partial<Record<ProviderName, Omit<ProviderState, 'name'>>>): Compute {
  const run = async (_job: string, { provider }: { provider: ProviderName }) => {
    const answer = answers[provider]
    if (answer) return { name: provider, ...answer }
    throw new MirageError({ code: 'compute-died', message: 'The compute process died.' })
  }
  return { run } as unknown as Compute
}

async function errorOf(action: Promise<unknown>) {
  const error = await action.catch(each => each as unknown)
  if (error instanceof MirageError) return error.info
  throw new Error('no MirageError')
}

describe('the probe', () => {
  const context = { storeRoot: '', signal, report: () => {} }

  test('runs a convolution on the CPU, which works everywhere', async () => {
    const state = await probe.run({ provider: 'cpu' }, context)
    expect(state).toMatchObject({ name: 'cpu', works: true })
    expect(state.milliseconds).toBeGreaterThan(0)
  })

  test('says why a provider does not run', async () => {
    const foreign = process.platform === 'win32' ? 'coreml' : 'directml'
    const state = await probe.run({ provider: foreign }, context)
    expect(state.works).toBe(false)
    expect(state.reason).toMatch(/backend not found/)
  })
})

describe('choosing a provider', () => {
  test('auto takes the fastest that ran, not a software driver that claims to be a GPU', async () => {
    const slowGpu = machine({
      webgpu: { works: true, milliseconds: 300 },
      cpu: { works: true, milliseconds: 9 },
    })
    expect((await chooseProvider(slowGpu, 'auto', signal)).name).toBe('cpu')
    const gpu = machine({ webgpu: { works: true, milliseconds: 1 }, cpu: { works: true, milliseconds: 9 } })
    expect((await chooseProvider(gpu, 'auto', signal)).name).toBe('webgpu')
  })

  test('a named provider that is absent is an error that lists what works and how to add it', async () => {
    const plain = machine({
      webgpu: { works: false, reason: 'no adapter' },
      cpu: { works: true, milliseconds: 9 },
    })
    const info = await errorOf(chooseProvider(plain, 'webgpu', signal))
    expect(info.code).toBe('provider-missing')
    expect(info.message).toMatch(/WebGPU does not work on this machine: no adapter\. Working here: cpu\./)
    expect(info.remedy).toContain('provider: cpu')
    expect(info.remedy).toContain(PROVIDERS.webgpu.add)
  })

  test('a provider whose probe kills its process does not work, and the others are still tried', async () => {
    const states = await probeProviders(machine({ cpu: { works: true, milliseconds: 9 } }), signal)
    expect(states.find(each => each.name === 'webgpu')).toMatchObject({
      works: false,
      reason: 'its process crashed',
    })
    expect(states.find(each => each.name === 'cpu')).toMatchObject({ works: true })
  })

  test('an unknown name is refused with the nearest known one', async () => {
    const info = await errorOf(chooseProvider(machine({}), 'webgup', signal))
    expect(info).toMatchObject({ code: 'provider-unknown', message: expect.stringContaining('"webgpu"') })
  })
})
