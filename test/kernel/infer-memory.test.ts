import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'

test('memory does not grow with the number of images', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mirage-memory-'))
  try {
    const script = join(import.meta.dirname, '../fixtures/infer-memory.ts')
    const [count, width, height, tile] = ['60', '160', '160', '512']
    const output = execFileSync(process.execPath, [script, folder, count, width, height, tile], {
      encoding: 'utf8',
    })
    const { resident } = JSON.parse(output) as { resident: number[] }
    expect(resident).toHaveLength(60)
    const mean = (list: number[]) => list.reduce((sum, value) => sum + value, 0) / list.length
    // One image is 0.3 MB as a file and 1.2 MB as a tensor: sixty that stayed would be 90 MB.
    expect(mean(resident.slice(-10)) - mean(resident.slice(10, 20))).toBeLessThan(30 * 2 ** 20)
  } finally {
    rmSync(folder, { recursive: true })
  }
}, 60_000)
