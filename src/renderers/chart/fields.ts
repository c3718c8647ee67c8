/** What a specification calls its fields on axes, legends and tooltips, by field. The first title of a field counts. */
export function fieldTitles(specification: unknown): Map<string, string> {
  const titles = new Map<string, string>()
  collect(specification, titles)
  return titles
}

const PARTS = ['layer', 'hconcat', 'vconcat', 'concat', 'spec'] as const

function collect(specification: unknown, titles: Map<string, string>): void {
  if (typeof specification !== 'object' || specification === null) return
  const parts = specification as Record<string, unknown>
  for (const channel of Object.values((parts.encoding ?? {}) as Record<string, unknown>)) {
    for (const definition of [channel].flat()) {
      const { field, title } = (definition ?? {}) as { field?: unknown; title?: unknown }
      if (typeof field === 'string' && typeof title === 'string' && !titles.has(field))
        titles.set(field, title)
    }
  }
  for (const name of PARTS) for (const part of [parts[name]].flat()) collect(part, titles)
}
