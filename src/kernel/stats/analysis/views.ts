/**
 * Ways to look at one table. A pooled correlation can come from nothing but the levels of its methods or images
 * (Simpson's paradox), so the views stand beside each other.
 */
export const VIEW_KINDS = ['pooled', 'within-image', 'by-method'] as const
export type ViewKind = (typeof VIEW_KINDS)[number]

export interface View {
  /** Unique, such as `pooled: generative`. */
  name: string
  kind: ViewKind
  /** Rows of the table that it looks at. */
  rows: Int32Array
}

/** A row as far as views care. */
export interface ViewRow {
  id: string
  method: string | null
}

/**
 * The views of a table: `pooled` takes rows as they are, `within-image` compares methods on the same image only, both
 * for all methods and for each named group of them; `by-method` takes one method at a time.
 *
 * @param groups method names by group name, such as `generative`
 */
export function viewsOf(
  rows: readonly ViewRow[],
  kinds: readonly ViewKind[],
  groups: Readonly<Record<string, readonly string[]>>,
): View[] {
  const select = (keep: (row: ViewRow) => boolean) =>
    Int32Array.from(rows.flatMap((row, index) => (keep(row) ? [index] : [])))
  const methods = [...new Set(rows.map(row => row.method))]
  const subsets = [
    { label: 'all methods', rows: select(() => true) },
    ...Object.entries(groups).map(([name, members]) => ({
      label: name,
      rows: select(row => row.method !== null && members.includes(row.method)),
    })),
  ]
  const over = (kind: ViewKind) =>
    subsets.map(subset => ({ name: `${kind}: ${subset.label}`, kind, rows: subset.rows }))
  const makers: Record<ViewKind, () => View[]> = {
    pooled: () => over('pooled'),
    'within-image': () => over('within-image'),
    'by-method': () =>
      methods.length < 2
        ? []
        : methods.map(method => ({
            name: `method: ${method ?? 'none'}`,
            kind: 'by-method' as const,
            rows: select(row => row.method === method),
          })),
  }
  return VIEW_KINDS.filter(kind => kinds.includes(kind)).flatMap(kind => makers[kind]())
}
