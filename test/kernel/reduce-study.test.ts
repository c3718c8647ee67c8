import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { MIME } from '../../src/kernel/protocol/mime.ts'
import { readOutputs } from '../../src/notebook/outputs.ts'
import { mirage, REPOSITORY } from '../support/study-folder.ts'

// The study as it is, but for the numbers of updates and of pictures: what a run costs is checked nowhere, what it gives is.
test('the study of reward tuning runs on the pictures of the project', { timeout: 600_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mirage-reduce-'))
  try {
    const name = 'reduce-hallucination.mirage.md'
    for (const part of ['hr', 'lr'])
      for (const picture of ['sign', 'face', 'fabric', 'foliage'])
        await cp(
          join(REPOSITORY, 'notebooks/examples', part, `${picture}.png`),
          join(folder, 'examples', part, `${picture}.png`),
        )
    const text = await readFile(join(REPOSITORY, 'notebooks', name), 'utf8')
    const short = text
      .replaceAll(/^ {2}steps: \d+$/gm, '  steps: 2')
      .replaceAll(/^ {2}every: \d+$/gm, '  every: 2')
    expect(short.match(/steps: 2$/gm)).toHaveLength(2)
    await writeFile(join(folder, name), short)
    const { code, stdout, stderr } = await mirage(['run', join(folder, name)])
    expect(code, stdout + stderr).toBe(0)
    const { cells } = readOutputs(
      await readFile(join(folder, name.replace('.md', '.outputs'), 'index.json'), 'utf8'),
    )
    for (const id of ['tune', 'drift']) {
      const mimes = cells[id].outputs.flatMap(({ items }) => items.map(({ mime }) => mime))
      expect(mimes).toEqual(expect.arrayContaining([MIME.training, MIME.table, MIME.compare]))
    }
    expect(stdout).toMatch(/mobilenet \(watched\).*-> /)
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  }
})
