import type { Judgement } from '../judgement.ts'
import type { Look } from './inquiry.ts'
import { type Asked, spentOn } from './job.ts'

/** What an answer says about the rows of its looks: one row each, or both of a pair. */
export function verdictsOf(asked: Asked): { row: number; judgement: Judgement }[] {
  // The answer was paid for once, whoever shares it.
  return asked.group.looks.flatMap((look, i) => verdictsOfLook(look, asked, i === 0))
}

function verdictsOfLook(
  look: Look,
  { outcome, edited }: Asked,
  pays: boolean,
): { row: number; judgement: Judgement }[] {
  const { repeat, row, rival } = look
  const spent = spentOn(pays ? outcome.answers : [])
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
