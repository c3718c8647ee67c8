import type { StudyCell } from '../../kernel/protocol/messages.ts'
import { nearest } from '../../notebook/nearest.ts'
import type { Analyse } from './analysis.ts'
import { definitionsOf } from './names.ts'
import type { NameUse } from './names-in.ts'
import { type Problem, problem } from './validate.ts'

/** What is wrong with each cell of a study, by cell id; cells without problems are not in it. */
export function diagnoseStudy(analyse: Analyse, cells: readonly StudyCell[]): Map<string, Problem[]> {
  const definitions = definitionsOf(analyse, cells)
  const found = new Map<string, Problem[]>()
  const before = new Map<string, string>()
  for (const cell of cells) {
    const problems = problemsOf(analyse, cell, before)
    if (problems.length > 0) found.set(cell.id, problems)
    for (const { name, cell: owner } of definitions) {
      if (owner === cell.id && !before.has(name)) before.set(name, cell.id)
    }
  }
  return found
}

function problemsOf(analyse: Analyse, cell: StudyCell, before: ReadonlyMap<string, string>): Problem[] {
  if (cell.kind === 'prompt') return [...analyse(cell.text, 'prompt').problems]
  if (cell.kind !== 'step') return []
  return [...analyse(cell.text).problems, ...diagnoseNames(analyse, cell, before)]
}

function diagnoseNames(analyse: Analyse, cell: StudyCell, before: ReadonlyMap<string, string>): Problem[] {
  return analyse(cell.text).names.flatMap(use => nameProblem(use, before) ?? [])
}

function nameProblem(
  { name, role, span }: NameUse,
  before: ReadonlyMap<string, string>,
): Problem | undefined {
  const owner = before.get(name)
  if (role === 'defines' && owner !== undefined) {
    return problem('name-taken', `The cell "${owner}" already defines "${name}".`, span)
  }
  if (role !== 'reads' || owner !== undefined) return undefined
  const known = [...before.keys()]
  const near = nearest(name, known)
  const message = `No earlier cell defines "${name}".${known.length > 0 ? ` Results so far: ${known.join(', ')}.` : ''}`
  return {
    ...problem('result-unknown', message, span),
    ...(near && { fix: { title: `Change to "${near}"`, span, text: near } }),
  }
}
