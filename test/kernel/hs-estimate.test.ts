import { cp, mkdir, readFile, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { HS_ESTIMATE } from '../../src/kernel/judge/hs-estimate.ts'
import { estimate } from '../../src/kernel/stats/calibration/model.ts'
import { cell, hasSharedData, mirage, REPOSITORY, SHARED_DATA, studyFolder } from '../support/study-folder.ts'

const EXAMPLES = join(REPOSITORY, 'notebooks', 'examples')

test('the shipped estimate scores images without a key or a column, and says what it is', async () => {
  await using folder = await studyFolder({ count: 0 })
  await mkdir(folder.file('gt'))
  await mkdir(folder.file('lr'))
  for (const name of ['sign', 'foliage'])
    for (const [from, to] of [
      ['hr', 'gt'],
      ['lr', 'lr'],
    ])
      await cp(join(EXAMPLES, from, `${name}.png`), folder.file(`${to}/${name}.png`))
  const path = await folder.write(
    [
      cell('load', 'triplets: { lr: lr/*.png, gt: gt/*.png, sr: { copy: gt/*.png }, scale: 4, as: photos }'),
      cell(
        'sr',
        'infer: { of: photos, model: [bicubic, realesr-general-x4v3], provider: cpu, as: upscaled }',
      ),
      cell('hs', 'score: { of: upscaled, judge: estimate, as: judged }'),
      cell('save', 'export: { of: judged, to: out.csv }'),
    ].join('\n'),
  )
  const { code, stdout } = await mirage(['run', path], { OPENAI_API_KEY: '' })
  expect(code, stdout).toBe(0)
  // The figures stand wherever the scores are told.
  expect(stdout).toMatch(/ESTIMATE from invented-detail, no judge was asked; cross-validated SRCC/)
  expect(stdout).toMatch(/pooled: generative 0\.61 \[0\.40, 0\.75\] over 40 images/)
  const lines = (await readFile(folder.file('out.csv'), 'utf8')).trim().split('\n').slice(1)
  const scores = Map.groupBy(
    lines.map(line => line.split(',')),
    ([, method]) => method,
  )
  const means = Object.fromEntries(
    [...scores].map(([method, rows]) => [method, rows.reduce((sum, row) => sum + Number(row[2]), 0) / 2]),
  )
  // A copy of GT invents nothing, nor does an enlargement; both lie above any generative result.
  expect(means.copy).toBeGreaterThan(4.8)
  expect(means.bicubic).toBeGreaterThan(4.8)
  expect(means['realesr-general-x4v3']).toBeLessThan(4)
}, 120_000)

const dataTest = hasSharedData ? test : test.skip
if (!hasSharedData) console.warn(`skipped: the photographs of ${SHARED_DATA} are not here`)

dataTest(
  'the shipped estimate follows the recorded judgements of OSEDiff as its figures say',
  async () => {
    await using folder = await studyFolder({ count: 0 })
    await symlink(join(SHARED_DATA, 'realsr-osediff'), folder.file('data'))
    const path = await folder.write(
      [
        cell(
          'load',
          'triplets: { lr: data/lr/*.png, gt: data/hr/*.png, sr: { osediff: data/sr/*.png }, scale: 4, as: photos }',
        ),
        cell('m', 'metrics: { of: photos, use: [invented-detail], maps: false, as: measured }'),
        cell('hs', 'score: { of: measured, judge: { answers: data/hs-judgements.jsonl }, as: judged }'),
        cell('both', 'score: { of: judged, judge: estimate, column: guess, as: both }'),
        cell('save', 'export: { of: both, to: out.csv }'),
      ].join('\n'),
    )
    const { code, stdout } = await mirage(['run', path])
    expect(code, stdout).toBe(0)
    const [header, ...lines] = (await readFile(folder.file('out.csv'), 'utf8')).trim().split('\n')
    const at = Object.fromEntries(header.split(',').map((name, i) => [name, i]))
    const rows = lines.map(line => line.split(','))
    const [invented, hs, guess] = ['invented-detail', 'hs', 'guess'].map(name =>
      Float64Array.from(rows, row => Number(row[at[name]])),
    )
    expect(rows).toHaveLength(40)
    for (const [i, value] of guess.entries())
      expect(value).toBeCloseTo(estimate(HS_ESTIMATE.model, [invented[i]]), 12)
    const error = guess.reduce((sum, value, i) => sum + Math.abs(value - hs[i]), 0) / 40
    expect(error).toBeLessThan(0.6)
  },
  120_000,
)
