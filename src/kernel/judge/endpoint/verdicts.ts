import type { Outcome } from '../calls/ask.ts'
import type { Judgement } from '../judgement.ts'
import type { Look } from './inquiry.ts'

/** What an outcome says about the rows of its look: one row, or both of a pair. */
export function verdictsOf(look: Look, outcome: Outcome): { row: number; judgement: Judgement }[] {
  const { repeat, row, rival } = look
  const spent = spentOn(outcome.answers)
  const rows = rival === undefined ? [row] : [row, rival]
  if (outcome.kind === 'failed') {
    return rows.map(index => ({
      row: index,
      judgement: { kind: 'none', repeat, reason: outcome.reason, ...(index === row && spent) },
    }))
  }
  const { reading } = outcome.read
  return rows.map(index => {
    const side = index === row ? reading : reading.rival!
    const { score, findings } = side
    return { row: index, judgement: { kind: 'score', repeat, score, findings, ...(index === row && spent) } }
  })
}

/** Tokens and dollars of all answers to a question, also of those that could not be used. */
export function spentOn(answers: Outcome['answers']): {
  tokens?: { input: number; output: number }
  cost?: number
} {
  const counted = answers.flatMap(({ usage }) => usage ?? [])
  const costs = answers.flatMap(({ cost }) => cost ?? [])
  const sum = (values: number[]) => values.reduce((total, value) => total + value, 0)
  return {
    ...(counted.length > 0 && {
      tokens: { input: sum(counted.map(u => u.input)), output: sum(counted.map(u => u.output)) },
    }),
    ...(costs.length > 0 && { cost: sum(costs) }),
  }
}
