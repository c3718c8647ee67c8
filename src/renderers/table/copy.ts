import type { Scalar } from '../../kernel/protocol/mime.ts'
import { formatValue } from '../shared/ui/numbers.ts'
import { goodness, type ShownColumn, type TableRow } from './order.ts'

/** RFC 4180, with all digits; missing values are empty. */
export function toCsv(columns: readonly ShownColumn[], rows: readonly TableRow[]): string {
  const quote = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
  const lines = [
    columns.map(({ name }) => name),
    ...rows.map(row => columns.map(({ name }) => String(row[name] ?? ''))),
  ]
  return lines.map(cells => `${cells.map(quote).join(',')}\r\n`).join('')
}

/** A LaTeX tabular in the manner of booktabs: numbers aligned, the best of a column in bold, arrows for what is better. */
export function toLatex(
  columns: readonly ShownColumn[],
  rows: readonly TableRow[],
  caption?: string,
): string {
  const head = columns.map(({ name, info, direction }) => {
    const arrow = { higher: ' $\\uparrow$', lower: ' $\\downarrow$', none: '' }[direction]
    return `${escapeLatex(info?.label ?? name)}${info?.unit ? ` (${escapeLatex(info.unit)})` : ''}${arrow}`
  })
  const cell = (column: ShownColumn, value: Scalar | undefined) => {
    const text = number(column, value) ?? escapeLatex(formatValue(value))
    return goodness(column, value) === 1 ? `\\textbf{${text}}` : text
  }
  return [
    ...(caption ? [`% ${caption.replace(/\s+/g, ' ')}`] : []),
    `\\begin{tabular}{${columns.map(({ numeric }) => (numeric ? 'r' : 'l')).join('')}}`,
    '\\toprule',
    `${head.join(' & ')} \\\\`,
    '\\midrule',
    ...rows.map(row => `${columns.map(column => cell(column, row[column.name])).join(' & ')} \\\\`),
    '\\bottomrule',
    '\\end{tabular}',
    '',
  ].join('\n')
}

function number(column: ShownColumn, value: Scalar | undefined): string | undefined {
  if (typeof value !== 'number') return undefined
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '$\\infty$' : '$-\\infty$'
  return formatValue(value, column.decimals).replace('−', '$-$')
}

export function escapeLatex(text: string): string {
  const special: Record<string, string> = {
    '\\': '\\textbackslash{}',
    '~': '\\textasciitilde{}',
    '^': '\\textasciicircum{}',
    '–': '--',
    '−': '$-$',
  }
  return text.replace(/[\\~^–−#$%&_{}]/g, character => special[character] ?? `\\${character}`)
}
