import type { ColumnInfo, Scalar } from '../../../kernel/protocol/mime.ts'

const MISSING = '–'

/**
 * A value as it is shown: four significant digits at most, no exponent between 1e-4 and 1e6, a dash for null.
 * @param digits decimals to show instead, so that a column of numbers lines up
 */
export function formatValue(value: Scalar | undefined, digits?: number): string {
  if (value === null || value === undefined) return MISSING
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (typeof value === 'string') return value
  return formatNumber(value, digits)
}

function formatNumber(value: number, digits?: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞'
  const size = Math.abs(value)
  if (size !== 0 && (size < 1e-4 || size >= 1e6)) return minus(value.toExponential(2))
  return minus(value.toFixed(digits ?? decimals(size, value)))
}

/** Decimals that leave four significant digits, none for whole numbers. */
function decimals(size: number, value: number): number {
  if (Number.isInteger(value)) return 0
  return size >= 1000 ? 1 : size >= 10 ? 2 : size >= 1 ? 3 : 4
}

/** Decimals with which a whole column lines up: those of its largest value. */
export function columnDecimals(values: readonly (Scalar | undefined)[]): number {
  const numbers = values.filter(value => typeof value === 'number' && Number.isFinite(value)) as number[]
  if (numbers.every(Number.isInteger)) return 0
  const largest = numbers.reduce((max, value) => Math.max(max, Math.abs(value)), 0)
  return largest >= 1000 ? 1 : largest >= 10 ? 2 : largest >= 1 ? 3 : 4
}

/** A true minus sign, as wide as a digit's plus. */
function minus(text: string): string {
  return text.replace('-', '−')
}

/** `PSNR (dB) ↑`: label, unit, and which way is better. */
export function columnTitle(column: ColumnInfo): string {
  const arrow = { higher: ' ↑', lower: ' ↓', none: '' }[column.direction]
  return `${column.label ?? column.name}${column.unit ? ` (${column.unit})` : ''}${arrow}`
}

/** Everything that has to be known of a column's values, as lines of plain text for a tooltip. */
export function columnNote(column: ColumnInfo): string {
  const better = { higher: 'Higher is better.', lower: 'Lower is better.', none: '' }[column.direction]
  const settings = Object.entries(column.settings).map(([key, value]) => `${key}: ${plain(value)}`)
  return [columnTitle(column), better, ...settings, `version: ${column.version}`, column.source]
    .filter(Boolean)
    .join('\n')
}

function plain(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** Cuts a long text in the middle, where file names differ least. */
export function shorten(text: string, length = 60): string {
  if (text.length <= length) return text
  const head = Math.ceil((length - 1) / 2)
  return `${text.slice(0, head)}…${text.slice(text.length - (length - 1 - head))}`
}
