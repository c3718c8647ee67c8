import { signed } from '../../charts/theme.ts'
import type { Adjusted, Analysis, ViewRelation } from './analyse.ts'

/** The correlations as lines of text, for terminals and wherever tables can't be shown. */
export function correlationText({ relations }: Analysis): string {
  return [...Map.groupBy(relations, relation => relation.view.name)]
    .flatMap(([view, members]) => [view, ...members.map(line)])
    .join('\n')
}

function line({ x, y, rows, images, srcc, plcc, krcc, notes }: ViewRelation): string {
  const named = `  ${x} with ${y}: `
  if (srcc.value === null) return `${named}no correlation (${notes[0]})`
  const figures = [
    `SRCC ${told(srcc)}`,
    `PLCC ${told(plcc)}`,
    ...(krcc.value === null ? [] : [`KRCC ${told(krcc)}`]),
  ]
  const said = notes.length > 0 ? ` (${notes.join('; ')})` : ''
  return `${named}${figures.join('; ')}; ${rows} rows of ${images} images${said}`
}

function told({ value, low, high, p, pHolm }: Adjusted): string {
  if (value === null) return 'none'
  const interval = low === null || high === null ? '' : ` [${signed(low)}, ${signed(high)}]`
  return `${signed(value)}${interval}${p === null ? '' : ` p ${short(p)}, Holm ${short(pHolm!)}`}`
}

export const short = (p: number): string => (p < 0.001 ? '< 0.001' : p.toFixed(3))

export function comparisonText({ differences }: Analysis): string {
  return differences
    .map(({ view, y, first, second, value, low, high, p }) => {
      const interval = low === null || high === null ? '' : ` [${signed(low)}, ${signed(high)}]`
      return `${view.name}: ${first} - ${second} with ${y}: ${signed(value)}${interval}${p === null ? '' : ` p ${short(p)}`}`
    })
    .join('\n')
}
