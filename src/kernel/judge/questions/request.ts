import type { PreparedImage } from '../../compute/jobs/judge-images.ts'
import type { Json } from '../answers/fields.ts'
import type { AnswerForm } from '../answers/forms.ts'
import type { Api } from '../answers/replies.ts'

/** What a question consists of, before it takes the shape of an API. */
export interface QuestionContent {
  system?: string
  text: string
  images: { label: string; prepared: PreparedImage }[]
}

/** Parameters of the model; null leaves a parameter out. */
export interface Sampling {
  model: string
  temperature: number | null
  seed?: number
  detail?: 'auto' | 'low' | 'high'
  maxTokens?: number
  /** Further fields of the request, such as `reasoning_effort`. */
  extra?: Json
}

/** How the answer's form is asked of the server. */
export type Structure = 'schema' | 'json' | 'none'

/**
 * A request body in which an image is `mirage:<sha256>` instead of its bytes; `textWithImages` puts them in. The body without
 * images is small enough to be shown, edited and stored, and names exactly what was sent.
 */
export function requestBody(api: Api, content: QuestionContent, sampling: Sampling): Json {
  return BODY[api](content, sampling)
}

/** Adds what makes the server keep to the form, where it can. */
export function withStructure(api: Api, body: Json, form: AnswerForm, structure: Structure): Json {
  if (structure === 'none') return body
  const format =
    structure === 'json'
      ? { type: 'json_object' }
      : api === 'chat'
        ? { type: 'json_schema', json_schema: { name: form.name, strict: true, schema: form.schema } }
        : { type: 'json_schema', name: form.name, strict: true, schema: form.schema }
  return api === 'chat' ? { ...body, response_format: format } : { ...body, text: { format } }
}

/** Stands for an image in a body. */
export const reference = (hash: string): string => `mirage:${hash}`

const imageUrl = ({ hash }: PreparedImage) => reference(hash)

const BODY: Record<Api, (content: QuestionContent, sampling: Sampling) => Json> = {
  chat: ({ system, text, images }, sampling) => ({
    model: sampling.model,
    messages: [
      ...(system === undefined ? [] : [{ role: 'system', content: system }]),
      {
        role: 'user',
        content: [
          { type: 'text', text },
          ...images.flatMap(({ label, prepared }, i) => [
            { type: 'text', text: `${i + 1}. ${label}` },
            { type: 'image_url', image_url: { url: imageUrl(prepared), ...detailOf(sampling) } },
          ]),
        ],
      },
    ],
    ...(sampling.temperature !== null && { temperature: sampling.temperature }),
    ...(sampling.seed !== undefined && { seed: sampling.seed }),
    ...(sampling.maxTokens !== undefined && { max_completion_tokens: sampling.maxTokens }),
    ...sampling.extra,
  }),
  responses: ({ system, text, images }, sampling) => ({
    model: sampling.model,
    ...(system !== undefined && { instructions: system }),
    input: [
      {
        role: 'user',
        content: [
          { type: 'input_text', text },
          ...images.flatMap(({ label, prepared }, i) => [
            { type: 'input_text', text: `${i + 1}. ${label}` },
            { type: 'input_image', image_url: imageUrl(prepared), detail: sampling.detail ?? 'auto' },
          ]),
        ],
      },
    ],
    // The provider need not keep the images.
    store: false,
    ...(sampling.temperature !== null && { temperature: sampling.temperature }),
    ...(sampling.maxTokens !== undefined && { max_output_tokens: sampling.maxTokens }),
    ...sampling.extra,
  }),
}

const detailOf = ({ detail }: Sampling) => (detail === undefined ? {} : { detail })

const REFERENCE = /^mirage:([0-9a-f]{64})$/

/** Hashes of the images that a body refers to. */
function imagesIn(value: unknown): string[] {
  if (typeof value === 'string') return value.match(REFERENCE)?.slice(1) ?? []
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(item => imagesIn(item))
}

/** The same in JSON, where no other string can look like one. */
export const REFERENCES = /"mirage:([0-9a-f]{64})"/g

/** `data:` URLs of the images that a body refers to, by hash. */
export async function imageUrlsOf(
  body: Json,
  urlOf: (hash: string) => Promise<string>,
): Promise<Map<string, string>> {
  const urls = new Map<string, string>()
  for (const hash of imagesIn(body)) urls.set(hash, await urlOf(hash))
  return urls
}

/** JSON as it is sent: every image reference is its `data:` URL. */
export const textWithImages = (value: Json, urls: ReadonlyMap<string, string>): string =>
  JSON.stringify(value).replace(REFERENCES, (found, hash) => {
    const url = urls.get(hash)
    return url === undefined ? found : `"${url}"`
  })
