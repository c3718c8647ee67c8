import { MirageError, nearest } from '../errors.ts'
import type { StudyTable } from '../value.ts'

/**
 * The rows of these images and methods; undefined takes all. Rows without a method stay whatever methods are asked for.
 *
 * @throws MirageError `row-unknown`, `method-unknown` for a name that the table has not
 */
export function selectRows(
  table: StudyTable,
  ids: readonly string[] | undefined,
  methods: readonly string[] | undefined,
): StudyTable {
  requireKnown('row', ids, new Set(table.rows.map(({ id }) => id)))
  requireKnown('method', methods, new Set(table.rows.flatMap(({ method }) => method ?? [])))
  return {
    ...table,
    rows: table.rows.filter(
      ({ id, method }) =>
        (!ids || ids.includes(id)) && (!methods || method === null || methods.includes(method)),
    ),
  }
}

/** @throws MirageError `WHAT-unknown` that lists what there is */
export function requireKnown(what: string, asked: readonly string[] | undefined, known: ReadonlySet<string>) {
  const missing = asked?.find(name => !known.has(name))
  if (missing === undefined) return
  const near = nearest(missing, [...known])
  throw new MirageError({
    code: `${what}-unknown`,
    message: `The table has no ${what} "${missing}".${near ? ` Did you mean "${near}"?` : ''}`,
    remedy: `It has: ${[...known].slice(0, 12).join(', ')}${known.size > 12 ? ` and ${known.size - 12} more` : ''}.`,
  })
}
