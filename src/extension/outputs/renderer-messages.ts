import type { RendererReply, RendererRequest } from '../../kernel/protocol/mime.ts'
import { messageOf } from '../run/output-items.ts'
import type { StoredObject } from './objects.ts'

/** What a renderer may ask of its host. */
export interface RendererServices {
  load(hash: string): Promise<StoredObject>
  /** Asks the person where to save. False when they changed their mind. */
  save(suggestedName: string, bytes: Uint8Array): Promise<boolean>
  /** Pauses a training of the study, lets it go on, or ends it. */
  train(run: string, action: 'pause' | 'resume' | 'stop'): Promise<void>
}

/**
 * Answers a renderer's request. Messages come from a page that shows other people's files, so nothing but what is
 * asked for by hash, or confirmed in a dialog, is ever read or written.
 *
 * @returns undefined for a message that needs no answer
 */
export async function answerRenderer(
  request: RendererRequest,
  services: RendererServices,
): Promise<RendererReply | undefined> {
  if (request.type === 'training') await services.train(request.run, request.action)
  if (request.type !== 'load' && request.type !== 'save') return undefined
  try {
    if (request.type === 'load') {
      const { bytes, mime } = await services.load(request.hash)
      const base64 = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
      return { type: 'object', request: request.request, mime, base64 }
    }
    const saved = await services.save(request.suggestedName, Buffer.from(request.base64, 'base64'))
    if (saved) return { type: 'saved', request: request.request }
    return { type: 'failed', request: request.request, message: 'Not saved.' }
  } catch (error) {
    return { type: 'failed', request: request.request, message: messageOf(error) }
  }
}
