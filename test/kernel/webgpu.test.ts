import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import type { ProviderState } from '../../src/kernel/models/providers.ts'
import { GraphBuilder } from '../../src/kernel/onnx/builder.ts'
import { writeGraph } from '../../src/kernel/onnx/write.ts'
import type { PixelAgreement } from '../support/provider-pixels.ts'
import { softwareVulkan } from '../support/software-vulkan.ts'
import { cell, mirage, studyFolder } from '../support/study-folder.ts'

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

/** Enlarges by 4 with an operator in it that WebGPU lacks. */
function rounded(): Uint8Array {
  const builder = new GraphBuilder('rounded')
  const input = builder.input('input', 'float32', [1, 3, 'height', 'width'])
  const scales = builder.floats('scales', [1, 1, 4, 4], [4])
  const enlarged = builder.node('Resize', [input, '', scales], { mode: { string: 'nearest' } })
  const output = builder.node('Relu', [builder.node('Round', [enlarged])])
  builder.output(output, 'float32', [1, 3, 'out_height', 'out_width'])
  return writeGraph(builder.graph)
}

test.skipIf(!software)(
  `a study tells which operators WebGPU left to the CPU${software ? '' : ` (${absent})`}`,
  async () => {
    await using folder = await studyFolder({ count: 1 })
    writeFileSync(folder.file('rounded.onnx'), rounded())
    const study = await folder.write(
      cell('load', 'triplets: { lr: lr/*.png, gt: hr/*.png, scale: 4, as: photos }') +
        cell(
          'sr',
          'infer: { of: photos, model: [realesr-general-x4v3, { file: rounded.onnx, range: 0..1 }], provider: webgpu, as: made }',
        ),
    )
    const { code, stdout, stderr } = await mirage(['run', study], software!)
    expect(code, stdout + stderr).toBe(0)
    expect(stdout).toContain(
      'rounded: 1 of 3 operators run on the CPU, because WebGPU leaves them there: Round.',
    )
    expect(stdout).not.toMatch(/realesr-general-x4v3: \d+ of/)
  },
  240_000,
)
