import type { Judgement } from '../judgement.ts'
import type { Look } from './inquiry.ts'
import { spentOn } from './job.ts'
import type { Settled } from './settled.ts'

/** What an answer says about the rows of its looks: one row each, or both of a pair. */
export function verdictsOf(settled: Settled): { row: number; judgement: Judgement }[] {
  // The answer was paid for once, whoever shares it.
  return settled.looks.flatMap((look, i) => verdictsOfLook(look, settled, i === 0))
}

function verdictsOfLook(
  look: Look,
  { outcome, answers, edited }: Settled,
  pays: boolean,
): { row: number; judgement: Judgement }[] {
  const { repeat, row, rival } = look
  const spent = spentOn(pays ? answers : [])
  const rows = rival === undefined ? [row] : [row, rival]
  return rows.map(index => {
    const shared = { repeat, ...(index === row && spent) }
    if (outcome.kind === 'failed') {
      return { row: index, judgement: { kind: 'none', reason: outcome.reason, ...shared } }
    }
    const { reading, how } = outcome.read
    const { score, findings } = index === row ? reading : reading.rival!
    return {
      row: index,
      judgement: {
        kind: 'score',
        score,
        findings,
        how,
        remarks: reading.remarks,
        ...shared,
        ...(edited && { edited }),
      },
    }
  })
}
