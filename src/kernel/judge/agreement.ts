import { icc } from '../stats/agreement/icc.ts'
import { krippendorff } from '../stats/agreement/krippendorff.ts'
import type { Judged } from './judgement.ts'

/** How far looks at the same image agree, over repeats and judges. Undefined figures lack a second look or any spread. */
export interface Agreement {
  /** Krippendorff's alpha on the interval scale, over all rows with two or more looks. */
  alpha?: number
  /** ICC(2,1) with its 95 % interval, over the rows that every rater looked at. */
  icc21?: { value: number; interval: [number, number]; rows: number; raters: number }
  /** Rows with two or more looks. */
  rows: number
}

/** A rater is one repeat of one judge. Of a row that it judged several times, once per rival, it has the mean. */
export function agreementOf(judged: readonly Judged[]): Agreement | undefined {
  const count = judged[0]?.rows.length ?? 0
  const raters = new Map<string, number[][]>()
  judged.forEach(({ rows }, j) => {
    rows.forEach((judgements, row) => {
      for (const judgement of judgements) {
        if (judgement.kind !== 'score') continue
        const name = `${j} ${judgement.repeat}`
        const scores = raters.get(name) ?? Array.from({ length: count }, (): number[] => [])
        scores[row].push(judgement.score)
        raters.set(name, scores)
      }
    })
  })
  const columns = [...raters.values()].map(rows => rows.map(meanOf))
  const units = Array.from({ length: count }, (_, row) => columns.flatMap(scores => scores[row] ?? []))
  const several = units.filter(scores => scores.length >= 2)
  if (several.length === 0) return undefined
  const complete = icc(units.filter(scores => scores.length === columns.length))
  return {
    rows: several.length,
    alpha: krippendorff(several, 'interval'),
    ...(complete && {
      icc21: {
        value: complete.icc21,
        interval: complete.interval21,
        rows: complete.targets,
        raters: complete.raters,
      },
    }),
  }
}

function meanOf(scores: readonly number[]): number | undefined {
  return scores.length === 0 ? undefined : scores.reduce((sum, score) => sum + score, 0) / scores.length
}
