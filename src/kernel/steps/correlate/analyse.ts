import { MirageError } from '../../errors.ts'
import type { Difference } from '../../stats/analysis/differences.ts'
import { ranking, type Standing } from '../../stats/analysis/ranking.ts'
import { type Figure, type Relation, relating } from '../../stats/analysis/relations.ts'
import type { Column } from '../../stats/analysis/sample.ts'
import { type View, viewsOf } from '../../stats/analysis/views.ts'
import { clusterBy } from '../../stats/resampling/clusters.ts'
import { holm } from '../../stats/resampling/holm.ts'
import { part, type Work } from '../../stats/work.ts'
import type { StudyTable } from '../../value.ts'
import { columnInfo, listOf, numberColumn, numericColumns, requireMethods } from '../columns.ts'
import type { CorrelateParams } from './params.ts'

export type Adjusted = Figure & { pHolm: number | null }

/** A relation in a view, its p adjusted for all pairs of that view and coefficient. */
export interface ViewRelation extends Omit<Relation, 'srcc' | 'plcc' | 'krcc'> {
  view: View
  srcc: Adjusted
  plcc: Adjusted
  krcc: Adjusted
}

export interface Analysis {
  xs: Column[]
  ys: Column[]
  views: View[]
  relations: ViewRelation[]
  differences: (Difference & { view: View })[]
  standings: Standing[]
}

/** The numbers behind the cell. @throws MirageError for columns or methods that the table does not have */
export function* analysing(table: StudyTable, params: CorrelateParams, seed: number): Work<Analysis> {
  const ys = listOf(params.y).map(name => numberColumn(table, name))
  const xs = predictorsOf(table, params).map(name => numberColumn(table, name))
  const given = listOf(params.given).map(name => numberColumn(table, name))
  requireMethods(table, params.groups)
  const views = viewsOf(table.rows, listOf(params.view) as View['kind'][], params.groups)
  const images = clusterBy(table.rows.map(row => row.id))
  const { bootstrap: draws, permutations, level, logistic } = params
  const directionOf = (name: string) =>
    ({ higher: 1, lower: -1, none: 0 })[columnInfo(table, name).direction] as -1 | 0 | 1

  const relations: ViewRelation[] = []
  const differences: Analysis['differences'] = []
  for (const [v, view] of views.entries()) {
    const ofView: Relation[] = []
    for (const [k, y] of ys.entries()) {
      const signOf = (x: string) => (directionOf(x) * directionOf(y.name) || 0) as -1 | 0 | 1
      const options = { draws, permutations, level, logistic, given, seed, signOf }
      const from = (0.9 * (v + k / ys.length)) / views.length
      const to = (0.9 * (v + (k + 1) / ys.length)) / views.length
      const others = xs.filter(x => x.name !== y.name)
      const result = yield* part(relating(view, others, y, images, options), from, to)
      ofView.push(...result.relations)
      differences.push(...result.differences.map(difference => ({ ...difference, view })))
    }
    relations.push(...adjusted(view, ofView))
  }

  const ranked = [...new Map([...ys, ...xs].map(column => [column.name, column])).values()]
  const standings: Standing[] = []
  for (const [k, column] of ranked.entries()) {
    const methods = table.rows.map(row => row.method)
    const higher = columnInfo(table, column.name).direction !== 'lower'
    const share = (index: number) => 0.9 + (0.1 * index) / ranked.length
    standings.push(
      ...(yield* part(
        ranking(column, methods, images, higher, { draws, level, seed }),
        share(k),
        share(k + 1),
      )),
    )
  }
  return { xs, ys, views, relations, differences, standings }
}

/** The asked predictors, or every column of numbers that is neither y, given, nor a count or spread of y's. */
function predictorsOf(table: StudyTable, params: CorrelateParams): string[] {
  if (params.x !== undefined) return listOf(params.x)
  const used = [...listOf(params.y), ...listOf(params.given)]
  const found = numericColumns(table).filter(
    name => !used.some(own => name === own || name.startsWith(`${own}_`)),
  )
  if (found.length > 0) return found
  throw new MirageError({
    code: 'column-unknown',
    message: `The table has no column of numbers beside ${used.join(', ')}.`,
    remedy: 'Measure it first, or name the columns to correlate under `x`.',
  })
}

function adjusted(view: View, relations: readonly Relation[]): ViewRelation[] {
  const adjust = (coefficient: 'srcc' | 'plcc' | 'krcc') =>
    holm(relations.map(relation => relation[coefficient].p ?? Number.NaN))
  const p = { srcc: adjust('srcc'), plcc: adjust('plcc'), krcc: adjust('krcc') }
  const known = (value: number) => (Number.isNaN(value) ? null : value)
  return relations.map((relation, k) => ({
    ...relation,
    view,
    srcc: { ...relation.srcc, pHolm: known(p.srcc[k]) },
    plcc: { ...relation.plcc, pHolm: known(p.plcc[k]) },
    krcc: { ...relation.krcc, pHolm: known(p.krcc[k]) },
  }))
}
