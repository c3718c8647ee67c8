import { counted } from '../counted.ts'
import type { Output } from '../protocol/messages.ts'
import { MIME, type Scalar, type TablePayload } from '../protocol/mime.ts'
import type { StudyTable } from '../value.ts'
import { type Agreement, agreementOf } from './agreement.ts'
import { rowScore } from './columns.ts'
import type { Judged, Judgement } from './judgement.ts'
import type { Prompt } from './prompts/prompt.ts'

/** Scores, evidence and a summary, as tables. */
export function scoreOutputs(
  table: StudyTable,
  judged: readonly Judged[],
  prompt: Prompt,
  column: string,
): Output[] {
  const totals = judged.map(totalsOf)
  const agreement = agreementOf(judged)
  const notes = [
    `Prompt: ${prompt.name} (${prompt.header.title ?? 'untitled'}), mode ${prompt.header.mode}, sha256 ${prompt.hash.slice(0, 12)}. Score: ${prompt.form.scoring}, ${prompt.form.range.join(' to ')}, higher = less was invented.`,
    ...judged.map(({ origin }, j) => `${origin}: ${describe(totals[j])}.`),
    ...(agreement ? [describeAgreement(agreement)] : []),
  ]
  return [
    tableOutput('scores', scoresTable(table, judged, column, notes), notes),
    tableOutput('methods', methodsTable(table, column), methodLines(table, column)),
    ...(judged.some(({ rows }) => rows.flat().some(hasFindings))
      ? [tableOutput('evidence', evidenceTable(table, judged), [])]
      : []),
  ]
}

/**
 * What made the scores, for the lock file.
 *
 * @param uses of each judge: name of the record of what a replay needs
 */
export function scoreLock(
  judged: readonly Judged[],
  prompt: Prompt,
  uses: readonly (string | undefined)[],
): Record<string, unknown> {
  return {
    prompt: { name: prompt.name, sha256: prompt.hash, mode: prompt.header.mode, form: prompt.form.name },
    judges: judged.map(({ name, origin, settings, rows }, j) => ({
      name,
      origin,
      settings,
      ...totalsOf({ rows }),
      ...(uses[j] && { uses: uses[j] }),
    })),
    agreement: agreementOf(judged) ?? null,
  }
}

interface Totals {
  answers: number
  failed: number
  tokens: { input: number; output: number } | null
  /** US dollars; null where no price is known. */
  cost: number | null
}

function totalsOf({ rows }: Pick<Judged, 'rows'>): Totals {
  const all = rows.flat()
  const tokens = all.flatMap(judgement => judgement.tokens ?? [])
  const sum = (values: number[]) => values.reduce((total, value) => total + value, 0)
  return {
    answers: all.filter(({ kind }) => kind === 'score').length,
    failed: all.filter(({ kind }) => kind === 'none').length,
    tokens:
      tokens.length > 0
        ? { input: sum(tokens.map(t => t.input)), output: sum(tokens.map(t => t.output)) }
        : null,
    cost: sumOf(all, ({ cost }) => cost),
  }
}

function describe({ answers, failed, tokens, cost }: Totals): string {
  const parts = [counted(answers, 'score')]
  if (failed > 0) parts.push(`${failed} without a score`)
  if (tokens) parts.push(`${tokens.input} tokens in, ${tokens.output} out`)
  if (cost) parts.push(`$${cost.toFixed(4)}`)
  return parts.join(', ')
}

function describeAgreement({ alpha, icc21, rows }: Agreement): string {
  const parts = [`Agreement over ${rows} images with several looks`]
  if (alpha !== undefined) parts.push(`Krippendorff's alpha (interval) ${alpha.toFixed(3)}`)
  if (icc21) {
    const { value, interval, rows: complete, raters } = icc21
    parts.push(
      `ICC(2,1) ${value.toFixed(3)} [${interval.map(edge => edge.toFixed(3)).join(', ')}] over ${complete} images and ${raters} looks`,
    )
  }
  return `${parts.join('; ')}.`
}

/** What a row's answers took, those that gave no score included. Rows that share an answer share its price: the first has it. */
const SPENT: readonly {
  name: string
  label: string
  unit: string
  of(judgement: Judgement): number | undefined
}[] = [
  { name: 'tokens_in', label: 'sent', unit: 'tokens', of: ({ tokens }) => tokens?.input },
  { name: 'tokens_out', label: 'answered', unit: 'tokens', of: ({ tokens }) => tokens?.output },
  { name: 'cost', label: 'cost', unit: 'US dollars', of: ({ cost }) => cost },
]

/** Null where nothing is known. */
function sumOf(
  judgements: readonly Judgement[],
  of: (judgement: Judgement) => number | undefined,
): number | null {
  const known = judgements.flatMap(judgement => of(judgement) ?? [])
  return known.length > 0 ? known.reduce((sum, value) => sum + value, 0) : null
}

function scoresTable(
  table: StudyTable,
  judged: readonly Judged[],
  column: string,
  notes: string[],
): TablePayload {
  const own = table.columns.filter(({ name }) => name === column || name.startsWith(`${column}_`))
  const [{ settings, version, source }] = own
  const looks = judged.flatMap(({ rows }) => rows.flat())
  const spent = SPENT.filter(({ of }) => sumOf(looks, of) !== null)
  const interval = (name: string, label: string) => ({
    name,
    label,
    direction: 'none' as const,
    settings,
    version,
    source,
  })
  return {
    caption: 'Scores',
    columns: [
      ...own,
      interval(`${column}_low`, '95 % interval of the mean (t), low'),
      interval(`${column}_high`, '95 % interval of the mean (t), high'),
      ...spent.map(({ name, label, unit }) => ({ ...interval(name, label), unit })),
    ],
    keys: ['id', 'method', 'reason'],
    rows: table.rows.map(({ id, method, values, missing }, index) => {
      const all = judged.flatMap(({ rows }) => rows[index])
      const { interval } = rowScore(all)
      const shown = Object.fromEntries(own.map(({ name }) => [name, values[name]]))
      return {
        id,
        method,
        reason: missing?.[column] ?? null,
        ...shown,
        [`${column}_low`]: interval?.[0] ?? null,
        [`${column}_high`]: interval?.[1] ?? null,
        ...Object.fromEntries(spent.map(({ name, of }) => [name, sumOf(all, of)])),
      }
    }),
    notes,
  }
}

/** Mean score of each method over its images. */
function methodMeans(table: StudyTable, column: string) {
  const byMethod = Map.groupBy(table.rows, ({ method }) => method)
  return [...byMethod].map(([method, rows]) => {
    const scores = rows.flatMap(({ values }) => (typeof values[column] === 'number' ? [values[column]] : []))
    const n = scores.length
    const mean = n > 0 ? scores.reduce((sum, score) => sum + score, 0) / n : null
    const squares = scores.reduce((sum, score) => sum + (score - mean!) ** 2, 0)
    return { method, images: rows.length, scored: n, mean, sd: n > 1 ? Math.sqrt(squares / (n - 1)) : null }
  })
}

function methodsTable(table: StudyTable, column: string): TablePayload {
  const { settings, version, source, range } = table.columns.find(({ name }) => name === column)!
  const shared = { settings, version, source }
  return {
    caption: 'Methods',
    columns: [
      { name: 'images', label: 'images', direction: 'none', ...shared },
      { name: 'scored', label: 'images with a score', direction: 'none', ...shared },
      { name: 'mean', label: `mean of ${column} over images`, direction: 'higher', range, ...shared },
      { name: 'sd', label: 'standard deviation over images (n - 1)', direction: 'none', ...shared },
    ],
    keys: ['method'],
    rows: methodMeans(table, column),
  }
}

function methodLines(table: StudyTable, column: string): string[] {
  return methodMeans(table, column).map(({ method, images, scored, mean, sd }) => {
    const spread = sd === null ? '' : `, sd ${sd.toFixed(2)}`
    return `${method ?? 'no method'}: ${mean === null ? 'no score' : mean.toFixed(2) + spread} (${scored} of ${images} images)`
  })
}

function evidenceTable(table: StudyTable, judged: readonly Judged[]): TablePayload {
  const rows = judged.flatMap(({ name, rows }) =>
    rows.flatMap((judgements, index) =>
      judgements.flatMap(judgement => {
        if (judgement.kind !== 'score') return []
        const { id, method } = table.rows[index]
        return judgement.findings.map(
          (finding): Record<string, Scalar> => ({
            id,
            method,
            judge: name,
            repeat: judgement.repeat,
            score: judgement.score,
            what: finding.what,
            where: finding.where ?? null,
            kind: finding.kind ?? null,
            severity: finding.severity ?? null,
          }),
        )
      }),
    ),
  )
  return {
    caption: 'Evidence',
    columns: [],
    keys: ['id', 'method', 'judge', 'repeat', 'score', 'what', 'where', 'kind', 'severity'],
    rows,
  }
}

const hasFindings = (judgement: Judgement) => judgement.kind === 'score' && judgement.findings.length > 0

function tableOutput(id: string, payload: TablePayload, lines: string[]): Output {
  const text = lines.length > 0 ? lines.join('\n') : `${payload.caption}: ${payload.rows.length} rows`
  return {
    id,
    items: [
      { mime: MIME.table, json: payload },
      { mime: 'text/plain', text },
    ],
  }
}
