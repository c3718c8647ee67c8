import { type RowMemo, rowKeyer } from '../../compute/row-memo.ts'
import type { StudyTable } from '../../value.ts'
import type { Endpoint } from '../calls/endpoint.ts'
import type { Prompt } from '../prompts/prompt.ts'
import type { EndpointJudgeSettings } from '../settings.ts'
import { type Look, sourcesOf } from './inquiry.ts'
import type { Settled, UsedAnswer } from './settled.ts'

/** What an answered look leaves behind. */
export type Recollection = Pick<Settled, 'key' | 'images' | 'answers'> & { read: UsedAnswer }

export interface LookMemoOptions {
  /** Absent where nothing is handed on. */
  memo?: RowMemo
  table: StudyTable
  prompt: Prompt
  endpoint: Endpoint
  settings: EndpointJudgeSettings
}

/**
 * What was answered about the looks of a shard, for whoever puts the shards together. A look is found by what it shows and
 * not by its question, so that neither images nor questions need be made up again.
 */
export class LookMemo {
  readonly #memo: RowMemo | undefined
  readonly #keyOf: (look: Look) => string

  constructor({ memo, table, prompt, endpoint, settings }: LookMemoOptions) {
    this.#memo = memo
    const key = rowKeyer({
      settings,
      endpoint: endpoint.baseURL,
      prompt: prompt.hash,
      mode: prompt.header.mode,
      scale: table.scale ?? null,
    })
    this.#keyOf = look => {
      const { images, rival } = sourcesOf(look, table)
      const shown = [images.lr, images.gt, images.sr, rival].map(image => image?.hash ?? null)
      return key([look.repeat, shown, table.rows[look.row].tags ?? []])
    }
  }

  recall(look: Look): Recollection | undefined {
    return this.#memo?.get(this.#keyOf(look)) as Recollection | undefined
  }

  /** Keeps what was answered. Whatever else came of a question is found out anew. */
  keep({ key, images, answers, outcome, looks }: Settled): void {
    if (!this.#memo || outcome.kind !== 'answered') return
    const recollection: Recollection = { key, images, answers, read: outcome.read }
    for (const look of looks) this.#memo.set(this.#keyOf(look), recollection)
  }
}

/** What came of a question that looks recall. */
export type Recalled = Settled & { looks: Look[] }

export const recollected = ({ key, images, answers, read }: Recollection, look: Look): Recalled => ({
  key,
  images,
  answers,
  looks: [look],
  outcome: { kind: 'answered', read },
  calls: 0,
  open: false,
})
