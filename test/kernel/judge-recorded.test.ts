import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { StudyTable } from '../../src/kernel/value.ts'
import { runScore, temporaryStore } from '../fixtures/judge-bench.ts'

const folder = resolve('../shared/data/realsr-osediff')
const file = 'hs-judgements.jsonl'

// Method, pairs, mean and (population) standard deviation over images, as published with the judgements.
const PUBLISHED: [string, number, number, number][] = [
  ['bicubic', 18, 5, 0],
  ['rrdn-thick', 18, 5, 0],
  ['realesrgan-x4plus', 40, 2.64, 0.9],
  ['realesr-general-x4v3', 40, 2.62, 0.76],
  ['osediff', 40, 2.6, 0.7],
]

describe.skipIf(!existsSync(folder))(
  '300 recorded judgements (skipped where ../shared/data is not there)',
  () => {
    const lines = existsSync(folder)
      ? readFileSync(resolve(folder, file), 'utf8')
          .trim()
          .split('\n')
          .map(line => JSON.parse(line) as { image: string; method: string })
      : []
    const pairs = new Map(lines.map(({ image, method }) => [`${image} ${method}`, { image, method }]))
    const table: StudyTable = {
      kind: 'table',
      columns: [],
      rows: [...pairs.values()].map(({ image, method }) => ({ id: image, method, images: {}, values: {} })),
    }

    it('give the published means of the methods, their evidence, and the published agreement', async () => {
      const {
        table: scored,
        result,
        notes,
      } = await runScore({ judge: { answers: file } }, { store: await temporaryStore(), table, folder })
      const byMethod = Map.groupBy(scored.rows, ({ method }) => method)
      for (const [method, count, mean, sd] of PUBLISHED) {
        const scores = byMethod.get(method)!.map(({ values }) => values.hs as number)
        const average = scores.reduce((sum, score) => sum + score, 0) / scores.length
        const spread = Math.sqrt(
          scores.reduce((sum, score) => sum + (score - average) ** 2, 0) / scores.length,
        )
        expect(scores).toHaveLength(count)
        // Published with two decimals.
        expect(Math.abs(average - mean)).toBeLessThanOrEqual(0.005 + 1e-9)
        expect(Math.abs(spread - sd)).toBeLessThanOrEqual(0.005 + 1e-9)
      }
      expect(result.lock).toMatchObject({ agreement: { rows: 72, icc21: { raters: 3, rows: 72 } } })
      const evidence = result.outputs.find(({ id }) => id === 'evidence')?.items[0] as {
        json: { rows: unknown[] }
      }
      expect(evidence.json.rows).toHaveLength(620)
      expect(notes).toEqual([
        `The scores are 300 recorded answers from ${file}, joined by image and method; no judge was asked.`,
      ])
    })

    it('agree over their three passes as published', async () => {
      const store = await temporaryStore()
      // The published figure leaves the second non-generative method out.
      const rows = table.rows.filter(({ method }) => method !== 'rrdn-thick')
      const { result } = await runScore(
        { judge: { answers: file } },
        { store, table: { ...table, rows }, folder },
      )
      const { agreement } = result.lock as { agreement: { icc21: { value: number } } }
      expect(agreement.icc21.value).toBeCloseTo(0.96, 2)
    })
  },
)
