import type { ColumnInfo, Finding } from '../protocol/mime.ts'
import { tAt } from '../stats/distributions.ts'
import type { Row, StudyTable } from '../value.ts'
import type { Judged, Judgement } from './judgement.ts'
import type { Prompt } from './prompts/prompt.ts'

type Score = Extract<Judgement, { kind: 'score' }>

/** Numbers of one row over repeats and judges. */
export interface RowScore {
  mean: number | null
  /** Standard deviation over looks (n - 1); null below two looks. */
  sd: number | null
  n: number
  /** 95 % interval of the mean by Student's t; null below two looks. */
  interval: [number, number] | null
  /** Why there is no score. */
  reason?: string
}

export function rowScore(judgements: readonly Judgement[]): RowScore {
  const scores = judgements.filter(judgement => judgement.kind === 'score').map(({ score }) => score)
  const n = scores.length
  if (n === 0) {
    const reasons = new Set(
      judgements.flatMap(judgement => (judgement.kind === 'none' ? judgement.reason : [])),
    )
    return { mean: null, sd: null, n, interval: null, reason: [...reasons].join('; ') || 'it was not judged' }
  }
  const mean = scores.reduce((sum, score) => sum + score, 0) / n
  if (n === 1) return { mean, sd: null, n, interval: null }
  const sd = Math.sqrt(scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / (n - 1))
  const half = (tAt(0.975, n - 1) * sd) / Math.sqrt(n)
  return { mean, sd, n, interval: [mean - half, mean + half] }
}

/** Adds the columns NAME (mean over repeats and judges), NAME_sd, NAME_n and, with several judges, one per judge. */
export function withScores(
  table: StudyTable,
  judged: readonly Judged[],
  prompt: Prompt,
  column: string,
): StudyTable {
  const perJudge = judged.length > 1 ? judged.map(({ name }) => `${column}_${slug(name)}`) : []
  const rows = table.rows.map((row, index) => {
    const all = judged.flatMap(({ rows }) => rows[index])
    const score = rowScore(all)
    const values: Row['values'] = {
      [column]: score.mean,
      [`${column}_sd`]: score.sd,
      [`${column}_n`]: score.n,
    }
    const missing: Record<string, string> = {}
    if (score.mean === null) missing[column] = score.reason!
    if (score.sd === null)
      missing[`${column}_sd`] = score.n === 1 ? 'there is one answer only' : score.reason!
    judged.forEach((judge, j) => {
      if (!perJudge[j]) return
      const own = rowScore(judge.rows[index])
      values[perJudge[j]] = own.mean
      if (own.mean === null) missing[perJudge[j]] = own.reason!
    })
    const findings = typical(all)
    return {
      ...row,
      values: { ...row.values, ...values },
      ...((row.missing || Object.keys(missing).length > 0) && { missing: { ...row.missing, ...missing } }),
      ...(findings && { findings }),
    }
  })
  return { ...table, rows, columns: [...table.columns, ...columnsOf(judged, prompt, column, perJudge)] }
}

/** The evidence of the look whose score is nearest to the mean: a list that a judge really gave, not a mixture. */
function typical(judgements: readonly Judgement[]): Finding[] | undefined {
  const scores = judgements.filter((judgement): judgement is Score => judgement.kind === 'score')
  if (scores.length < 2) return scores[0]?.findings
  const { mean } = rowScore(scores)
  const [best] = scores.toSorted((a, b) => Math.abs(a.score - mean!) - Math.abs(b.score - mean!))
  return best?.findings
}

function columnsOf(
  judged: readonly Judged[],
  prompt: Prompt,
  column: string,
  perJudge: string[],
): ColumnInfo[] {
  const estimates = judged.flatMap(({ estimate }) => estimate ?? [])
  const kind =
    estimates.length === 0
      ? 'mean'
      : estimates.length === judged.length
        ? 'ESTIMATE'
        : 'mean, partly ESTIMATES'
  const settings = {
    prompt: prompt.name,
    promptHash: prompt.hash,
    mode: prompt.header.mode,
    scoring: prompt.form.scoring,
    judges: judged.map(({ origin, settings }) => ({ origin, ...settings })),
    ...(estimates.length > 0 && { estimate: estimates.join('; ') }),
  }
  const shared = {
    version: '1',
    source: 'Idea: arXiv 2507.14367. Rubric and scoring: Mirage, unless the prompt is your own.',
  }
  const range: [number, number] = [...prompt.form.range]
  const score = (name: string, label: string, of: Record<string, unknown>): ColumnInfo => ({
    name,
    label,
    direction: 'higher',
    range,
    settings: of,
    ...shared,
  })
  return [
    score(column, `${prompt.header.title ?? prompt.name} (${kind})`, settings),
    {
      name: `${column}_sd`,
      label: 'standard deviation over repeats and judges',
      direction: 'none',
      settings,
      ...shared,
    },
    { name: `${column}_n`, label: 'number of answers', direction: 'none', settings, ...shared },
    ...perJudge.map((name, j) =>
      score(name, `${judged[j].estimate === undefined ? 'mean' : 'ESTIMATE'} of ${judged[j].name}`, {
        ...settings,
        judges: [settings.judges[j]],
      }),
    ),
  ]
}

/** A judge's name as part of a column's. */
const slug = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_|_$/g, '')
