import type { RateAnswer, RendererReply, RendererRequest } from '../../kernel/protocol/mime.ts'
import { base64, fromBase64 } from '../../notebook/base64.ts'
import { messageOf } from '../run/output-items.ts'
import type { StoredObject } from './objects.ts'
import type { RowTags } from './tag-edit.ts'

/** What a renderer may ask of its host. */
export interface RendererServices {
  load(hash: string): Promise<StoredObject>
  /** Asks the person where to save. False when they changed their mind. */
  save(suggestedName: string, bytes: Uint8Array): Promise<boolean>
  /** Pauses a training of the study, lets it go on, or ends it. */
  train(run: string, action: 'pause' | 'resume' | 'stop'): Promise<void>
  /** Writes a row's tags into the text of a cell. */
  tag(cell: string, row: RowTags): Promise<void>
  /** Keeps a blind rating, where one is given. What this rater has answered, by pair. */
  rate(session: string, rater: string, answer: RateAnswer | undefined): Promise<Record<string, number>>
}

/**
 * Answers a renderer's request. Messages come from a page that shows other people's files, so nothing but what is
 * asked for by hash, confirmed in a dialog, a rating of a pair that a cell shows, or an edit of the study that can be undone
 * is ever read or written.
 *
 * @returns undefined for a message that needs no answer
 */
export async function answerRenderer(
  request: RendererRequest,
  services: RendererServices,
): Promise<RendererReply | undefined> {
  if (request.type === 'training') {
    await services.train(request.run, request.action)
    return undefined
  }
  try {
    return await ANSWERS[request.type](request as never, services)
  } catch (error) {
    return { type: 'failed', request: request.request, message: messageOf(error) }
  }
}

type Answered = Exclude<RendererRequest, { type: 'training' }>

const ANSWERS: {
  [T in Answered['type']]: (
    request: Extract<Answered, { type: T }>,
    services: RendererServices,
  ) => Promise<RendererReply>
} = {
  async load({ request, hash }, { load }) {
    const { bytes, mime } = await load(hash)
    return { type: 'object', request, mime, base64: base64(bytes) }
  },
  async save({ request, suggestedName, base64: text }, { save }) {
    const saved = await save(suggestedName, fromBase64(text))
    if (saved) return { type: 'saved', request }
    return { type: 'failed', request, message: 'Not saved.' }
  },
  async tag({ request, cell, id, method, tags }, { tag }) {
    await tag(cell, { id, method, tags })
    return { type: 'saved', request }
  },
  async rate({ request, session, rater, answer }, { rate }) {
    return { type: 'rated', request, ratings: await rate(session, rater, answer) }
  },
}
