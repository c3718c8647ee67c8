import type { VerifiedCell } from './messages.ts'

const LISTED = 10

/** Why a cell's result differs from the lock's, and in what, a line each; none where it is equal. */
export function verifiedLines({ causes, differences, error }: VerifiedCell): string[] {
  const lines = error ? [error.message] : []
  for (const { cause, what, before, after, from } of causes) {
    lines.push(
      `because: ${cause} ${what}: ${before ?? 'none'} -> ${after ?? 'none'}${from ? ` (made by ${from})` : ''}`,
    )
  }
  for (const { row, column, before, after, by } of differences.slice(0, LISTED)) {
    lines.push(
      `${row} ${column}: ${before} -> ${after}${by === undefined ? '' : ` (by ${by.toPrecision(3)})`}`,
    )
  }
  if (differences.length > LISTED) lines.push(`... and ${differences.length - LISTED} more`)
  return lines
}
