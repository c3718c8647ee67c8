import type { Json } from './fields.ts'
import type { Reply, Usage } from './read.ts'

/** The two APIs that a judge may be asked by. */
export type Api = 'chat' | 'responses'

/** How a provider's reply is read, by API. Undefined: the body is not such a reply at all. */
export const READ_REPLY: Record<Api, (body: Json) => Reply | undefined> = {
  chat: readChat,
  responses: readResponses,
}

/** @returns undefined when the body is not JSON or not a reply. */
export function readReply(api: Api, body: string): Reply | undefined {
  try {
    const value: unknown = JSON.parse(body)
    return isRecord(value) ? READ_REPLY[api](value) : undefined
  } catch {
    return undefined
  }
}

function readChat(body: Json): Reply | undefined {
  const choice = asRecord((body.choices as unknown[] | undefined)?.[0])
  const message = asRecord(choice?.message)
  if (!choice || !message) return undefined
  const reply: Reply = { text: textOf(message.content) }
  if (typeof message.refusal === 'string' && message.refusal) reply.refusal = message.refusal
  if (choice.finish_reason === 'length') reply.cut = 'length'
  if (choice.finish_reason === 'content_filter') reply.cut = 'filter'
  return { ...reply, ...common(body, 'prompt_tokens', 'completion_tokens') }
}

function readResponses(body: Json): Reply | undefined {
  if (!Array.isArray(body.output)) return undefined
  const parts = body.output
    .map(asRecord)
    .filter(item => item?.type === 'message')
    .flatMap(item => (Array.isArray(item?.content) ? item.content : []))
    .map(asRecord)
  const reply: Reply = {
    text: parts.map(part => (part?.type === 'output_text' ? String(part.text) : '')).join(''),
  }
  const refusal = parts.find(part => part?.type === 'refusal')
  if (refusal) reply.refusal = String(refusal.refusal)
  const cut = asRecord(body.incomplete_details)?.reason
  if (cut === 'max_output_tokens') reply.cut = 'length'
  if (cut === 'content_filter') reply.cut = 'filter'
  return { ...reply, ...common(body, 'input_tokens', 'output_tokens') }
}

function common(body: Json, input: string, output: string): { usage?: Usage; model?: string } {
  const usage = asRecord(body.usage)
  const counted = typeof usage?.[input] === 'number' && typeof usage[output] === 'number'
  return {
    ...(counted && { usage: { input: usage[input] as number, output: usage[output] as number } }),
    ...(typeof body.model === 'string' && { model: body.model }),
  }
}

/** Content is a text, or a list of parts of which some servers send several. */
function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  return content.map(part => String(asRecord(part)?.text ?? '')).join('')
}

const isRecord = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const asRecord = (value: unknown): Json | undefined => (isRecord(value) ? value : undefined)
