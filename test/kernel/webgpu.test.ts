import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import type { ProviderState } from '../../src/kernel/models/providers.ts'
import type { PixelAgreement } from '../support/provider-pixels.ts'
import { softwareVulkan } from '../support/software-vulkan.ts'

const software = softwareVulkan()
const absent = 'skipped: no software Vulkan driver; run "node scripts/vulkan.ts"'
// A software driver is slow: the smallest images that show every operator of the networks.
const RUNS = ['realesr-general-x4v3=24', 'rrdn-thick-x4=12', 'realesrgan-x4plus=12']

async function webgpuHere(env: Record<string, string>) {
  const folder = mkdtempSync(join(tmpdir(), 'mirage-webgpu-'))
  try {
    const script = join(import.meta.dirname, '../fixtures/webgpu-pixels.ts')
    const { stdout } = await promisify(execFile)(process.execPath, [script, folder, 'webgpu', ...RUNS], {
      env: { ...process.env, ...env },
    })
    return JSON.parse(stdout) as { state: ProviderState; images: PixelAgreement[] }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function expectCpuPixels(images: PixelAgreement[]): void {
  expect(images).toHaveLength(RUNS.length)
  for (const { model, largest } of images) {
    expect(largest, model).toBeLessThanOrEqual(2)
  }
}

test.skipIf(!software)(
  `WebGPU on a software driver gives the CPU's pixels within 2/255${software ? '' : ` (${absent})`}`,
  async () => {
    const { state, images } = await webgpuHere(software!)
    expect(state).toMatchObject({ name: 'webgpu', works: true })
    expectCpuPixels(images)
  },
  1_200_000,
)
