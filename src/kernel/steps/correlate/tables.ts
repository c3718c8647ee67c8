import type { ColumnInfo, Scalar, TablePayload } from '../../protocol/mime.ts'
import type { Row, StudyTable } from '../../value.ts'
import type { Adjusted, Analysis, ViewRelation } from './analyse.ts'
import type { CorrelateParams } from './params.ts'

const COEFFICIENTS = [
  ['srcc', 'SRCC (Spearman)', 'Spearman, The proof and measurement of association between two things, 1904'],
  ['plcc', 'PLCC (Pearson)', 'Pearson, Notes on regression and inheritance in the case of two parents, 1895'],
  ['krcc', 'KRCC (Kendall, tau-b)', 'Kendall, The treatment of ties in ranking problems, 1945'],
] as const

/** The result as a study table, a row per pair of columns (`id`) and view (`method`), so that it can be exported. */
export function correlationTable({ relations }: Analysis, params: CorrelateParams): StudyTable {
  return {
    kind: 'table',
    columns: correlationColumns(params),
    rows: relations.map((relation): Row => {
      const { values, missing } = valuesOf(relation)
      return {
        id: `${relation.x} with ${relation.y}`,
        method: relation.view.name,
        images: {},
        values,
        ...(Object.keys(missing).length > 0 && { missing }),
      }
    }),
  }
}

export function correlationPayload(
  analysis: Analysis,
  params: CorrelateParams,
  notes: string[],
): TablePayload {
  return {
    caption:
      params.given === undefined ? 'Correlations' : `Correlations given ${[params.given].flat().join(', ')}`,
    columns: correlationColumns(params),
    keys: ['view', 'x', 'y', 'note'],
    rows: analysis.relations.map(relation => ({
      view: relation.view.name,
      x: relation.x,
      y: relation.y,
      note: relation.notes.join('; ') || null,
      ...valuesOf(relation).values,
    })),
    notes,
  }
}

function valuesOf(relation: ViewRelation) {
  const values: Record<string, Scalar> = { rows: relation.rows, images: relation.images }
  const missing: Record<string, string> = {}
  for (const [key] of COEFFICIENTS) {
    const figure: Adjusted = relation[key]
    const entries = {
      [key]: figure.value,
      [`${key}_low`]: figure.low,
      [`${key}_high`]: figure.high,
      [`${key}_p`]: figure.p,
      [`${key}_holm`]: figure.pHolm,
    }
    Object.assign(values, entries)
    for (const [name, value] of Object.entries(entries))
      if (value === null) missing[name] = figure.why ?? 'it was not asked for'
  }
  values.plcc_fitted = relation.fitted
  if (relation.fitted === null)
    missing.plcc_fitted = relation.notes[0] ?? 'the logistic curve could not be fitted'
  return { values, missing }
}

function correlationColumns({
  bootstrap,
  permutations,
  level,
  logistic,
  given,
}: CorrelateParams): ColumnInfo[] {
  const percent = `${Math.round(1000 * level) / 10} %`
  const shared = { version: '1', direction: 'none' as const }
  const settings = { given: given ?? null }
  const count = (name: string, label: string): ColumnInfo => ({
    name,
    label,
    ...shared,
    settings,
    source: 'count',
  })
  const interval = { interval: 'BCa', draws: bootstrap, of: 'images', level }
  const bca = 'Efron, Better bootstrap confidence intervals, 1987'
  return [
    count('rows', 'rows'),
    count('images', 'images'),
    ...COEFFICIENTS.flatMap(([key, label, source]): ColumnInfo[] => [
      { name: key, label, ...shared, range: [-1, 1], settings, source },
      {
        name: `${key}_low`,
        label: `${percent} low`,
        ...shared,
        range: [-1, 1],
        settings: interval,
        source: bca,
      },
      {
        name: `${key}_high`,
        label: `${percent} high`,
        ...shared,
        range: [-1, 1],
        settings: interval,
        source: bca,
      },
      {
        name: `${key}_p`,
        label: 'p',
        ...shared,
        range: [0, 1],
        settings: {
          permutations,
          sides: 2,
          exchanged: 'images and rows within them; within-image: rows within them',
        },
        source: 'Phipson and Smyth, Permutation p-values should never be zero, 2010',
      },
      {
        name: `${key}_holm`,
        label: 'p (Holm)',
        ...shared,
        range: [0, 1],
        settings: { family: 'all pairs of the view' },
        source: 'Holm, A simple sequentially rejective multiple test procedure, 1979',
      },
    ]),
    {
      name: 'plcc_fitted',
      label: 'PLCC, logistic',
      ...shared,
      range: [-1, 1],
      settings: { parameters: logistic },
      source: 'VQEG, Final report on the validation of objective models of video quality assessment, 2000',
    },
  ]
}

/** Which predictor is the stronger, for each pair of them. */
export function comparisonPayload({ differences }: Analysis): TablePayload {
  const column = (
    name: string,
    label: string,
    settings: Record<string, unknown>,
    source: string,
  ): ColumnInfo => ({
    name,
    label,
    direction: 'none',
    settings,
    version: '1',
    source,
  })
  const draws = { clusteredBy: 'image' }
  return {
    caption: 'Is one predictor stronger than another?',
    columns: [
      column('rows', 'rows', {}, 'count'),
      column('difference', 'SRCC first − second', { sign: 'as declared, else as found' }, 'difference'),
      column('low', 'low', draws, 'Efron, Better bootstrap confidence intervals, 1987'),
      column('high', 'high', draws, 'Efron, Better bootstrap confidence intervals, 1987'),
      column('p', 'p (bootstrap)', draws, 'twice the smaller share of draws on one side of 0'),
      column(
        'steiger',
        'p (Steiger)',
        { rows: 'taken for independent' },
        'Steiger, Tests for comparing elements of a correlation matrix, 1980',
      ),
      column(
        'meng',
        'p (Meng)',
        { rows: 'taken for independent' },
        'Meng, Rosenthal and Rubin, Comparing correlated correlation coefficients, 1992',
      ),
    ],
    keys: ['view', 'y', 'first', 'second'],
    rows: differences.map(({ view, y, first, second, rows, value, low, high, p, pSteiger, pMeng }) => ({
      view: view.name,
      y,
      first,
      second,
      rows,
      difference: value,
      low,
      high,
      p,
      steiger: pSteiger,
      meng: pMeng,
    })),
    notes: [
      'Rows of one image are alike, which the bootstrap keeps and the tests of Steiger and Meng do not: where they differ, go by the bootstrap.',
    ],
  }
}
