import { mapConcurrently } from '../../concurrent.ts'
import type { Store } from '../../store/store.ts'
import { ANSWER_SPACE, type StoredAnswer } from '../answers/answer-store.ts'

/** What was paid to one endpoint for one model, over all cells and studies of a cache folder. */
export interface LedgerRow {
  endpoint: string
  model: string
  answers: number
  tokens: { input: number; output: number }
  /** US dollars; answers without a known price count as nothing. */
  cost: number
  /** Answers whose price was not known. */
  unpriced: number
}

/** The stored answers are the ledger: each was written before it was used, so no sum can be lost. */
export async function readLedger(store: Store): Promise<LedgerRow[]> {
  const names: string[] = []
  for await (const name of store.listRecords(ANSWER_SPACE)) names.push(name)
  const answers = await mapConcurrently(names, 64, name => store.getRecord<StoredAnswer>(ANSWER_SPACE, name))
  const rows = new Map<string, LedgerRow>()
  for (const answer of answers) {
    if (!answer) continue
    const { question, usage, cost } = answer
    const model = String(question.body.model)
    const key = `${question.endpoint} ${model}`
    const empty = {
      endpoint: question.endpoint,
      model,
      answers: 0,
      tokens: { input: 0, output: 0 },
      cost: 0,
      unpriced: 0,
    }
    const row = rows.get(key) ?? empty
    row.answers++
    row.tokens.input += usage?.input ?? 0
    row.tokens.output += usage?.output ?? 0
    if (cost === undefined) row.unpriced++
    else row.cost += cost
    rows.set(key, row)
  }
  return [...rows.values()].sort((a, b) => b.cost - a.cost)
}

/** The ledger in a line. */
export function describeLedger(rows: readonly LedgerRow[]): string {
  const parts = rows.map(({ endpoint, model, answers, cost, unpriced }) => {
    const price = unpriced === answers ? 'price not known' : `$${cost.toFixed(4)}`
    return `${model} at ${new URL(endpoint).host} ${answers} answers, ${price}`
  })
  return `Ledger of this cache folder, all cells: ${parts.join('; ')}.`
}
