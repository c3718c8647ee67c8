import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'

test('memory does not grow with the number of images', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mirage-memory-'))
  try {
    const script = join(import.meta.dirname, '../fixtures/infer-memory.ts')
    const [count, width, height, tile] = ['160', '160', '160', '512']
    const output = execFileSync(process.execPath, [script, folder, count, width, height, tile], {
      encoding: 'utf8',
    })
    const { resident } = JSON.parse(output) as { resident: number[] }
    expect(resident).toHaveLength(160)
    // The least of many, since what is thrown away goes when it pleases. One image is 0.3 MB as a file and 1.2 MB as a
    // tensor: if all stayed, it would be 165 MB.
    const least = (list: number[]) => Math.min(...list)
    expect(least(resident.slice(-40)) - least(resident.slice(10, 50))).toBeLessThan(60 * 2 ** 20)
  } finally {
    rmSync(folder, { recursive: true })
  }
}, 60_000)
