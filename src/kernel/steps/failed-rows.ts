import type { RowFailure } from '../step.ts'

const IDS_SHOWN = 5

/**
 * Rows that could not be worked on, by reason, and what to do about them.
 *
 * @param done what was to be done: `enlarged`, `measured`
 */
export function describeFailedRows(failed: readonly RowFailure[], done: string): string {
  const groups = Map.groupBy(failed, ({ error }) => error.message)
  const lines = [...groups].map(([message, group]) => {
    const names = group
      .slice(0, IDS_SHOWN)
      .map(
        ({ id, method, seed }) =>
          `${id}${method === null ? '' : ` by ${method}`}${seed === undefined ? '' : ` #${seed}`}`,
      )
    const more = group.length > IDS_SHOWN ? ` and ${group.length - IDS_SHOWN} more` : ''
    return `${names.join(', ')}${more}: ${message}`
  })
  const count = failed.length === 1 ? '1 row' : `${failed.length} rows`
  return `${count} could not be ${done}, and the rest went on without. ${lines.join(' ')} Run the cell again to try only what is missing.`
}
