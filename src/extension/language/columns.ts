import { isMap, isScalar, type ParsedNode, visit } from 'yaml'
import type { ResultSummary, StudyCell } from '../../kernel/protocol/messages.ts'
import { readStepText } from './step-text.ts'

interface Column {
  name: string
  detail: string
}

/** Columns that a step adds to its table, from its parameters as they are written. */
const COLUMNS_OF: { readonly [step: string]: (body: ParsedNode | null) => string[] } = {
  metrics: body => {
    const names: string[] = []
    const use = isMap(body) ? body.get('use', true) : undefined
    visit((use as ParsedNode | undefined) ?? null, {
      Scalar(key, { value }) {
        if (key !== 'key' && typeof value === 'string') names.push(value)
      },
    })
    return names
  },
  score: body => {
    const written = isMap(body) ? body.get('column', true) : undefined
    const name = isScalar(written) ? String(written.value) : 'hs'
    return [name, `${name}_sd`, `${name}_n`]
  },
}

/** Columns of the tables before a cell: those of results that are there, and those that earlier cells will add. */
export function columnsBefore(cells: readonly StudyCell[], results: readonly ResultSummary[]): Column[] {
  const found = new Map<string, Column>()
  for (const { name: result, columns } of results) {
    for (const { name, min, max } of columns) {
      const range =
        min === null || max === null ? 'no numbers' : `${min.toPrecision(4)} to ${max.toPrecision(4)}`
      found.set(name, { name, detail: `${range} in ${result}` })
    }
  }
  for (const cell of cells) {
    if (cell.kind !== 'step') continue
    const { name: step, body } = readStepText(cell.text)
    for (const name of (step && COLUMNS_OF[step.text]?.(body)) ?? []) {
      if (!found.has(name)) found.set(name, { name, detail: `made by the cell ${cell.id}` })
    }
  }
  return [...found.values()]
}
