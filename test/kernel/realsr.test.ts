import { readFile, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { cell, hasSharedData, mirage, SHARED_DATA, studyFolder } from '../support/study-folder.ts'

const dataTest = hasSharedData ? test : test.skip
if (!hasSharedData) console.warn(`skipped: the photographs of ${SHARED_DATA} are not here`)

// The values that the authors of OSEDiff published for their outputs on RealSR (pyiqa's conventions), to six decimals.
dataTest(
  'PSNR and SSIM of the published OSEDiff images equal the published values on every row',
  async () => {
    await using folder = await studyFolder({ count: 0 })
    await symlink(join(SHARED_DATA, 'realsr-osediff'), folder.file('data'))
    const path = await folder.write(
      cell(
        'load',
        'triplets: { lr: data/lr/*.png, gt: data/hr/*.png, sr: { osediff: data/sr/*.png }, scale: 4, as: photos }',
      ) +
        cell('m', 'metrics: { of: photos, use: [psnr, ssim], as: measured }') +
        cell('save', 'export: { of: measured, to: out.csv }'),
    )
    const { code, stdout } = await mirage(['run', path])
    expect(code, stdout).toBe(0)
    const measured = await readTable(folder.file('out.csv'))
    const published = await readTable(join(SHARED_DATA, 'realsr-osediff/published-metrics.csv'))
    expect([...measured.keys()].sort()).toEqual([...published.keys()].sort())
    expect(measured.size).toBe(40)
    for (const [id, values] of published) {
      expect(Math.abs(measured.get(id)!.psnr - values.psnr), `psnr of ${id}`).toBeLessThan(1e-4)
      expect(Math.abs(measured.get(id)!.ssim - values.ssim), `ssim of ${id}`).toBeLessThan(1e-4)
    }
  },
  120_000,
)

async function readTable(path: string): Promise<Map<string, Record<string, number>>> {
  const [header, ...lines] = (await readFile(path, 'utf8')).trim().split('\n')
  const names = header.split(',')
  return new Map(
    lines.map(line => {
      const fields = line.split(',')
      return [fields[0], Object.fromEntries(names.map((name, n) => [name, Number(fields[n])]))]
    }),
  )
}
