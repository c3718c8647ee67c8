import type { APIError, OpenAI } from 'openai'
import type { Endpoint } from './endpoint.ts'
import { redactor } from './redact.ts'

/** The provider's client library, for the APIs around batches. Of what it says nothing is free of the key yet. */
export interface Provider {
  openai: OpenAI
  /** The answer of the server that an error of `openai` stands for; undefined when none came. Free of the key. */
  answeredError(error: unknown): { status: number; says: string } | undefined
  redact(text: string): string
}

export async function createProvider(endpoint: Endpoint): Promise<Provider> {
  const { OpenAI, APIError } = await import('./openai.ts')
  const redact = redactor([endpoint.key])
  const openai = new OpenAI({
    baseURL: endpoint.baseURL,
    // A server on this machine needs no key, but the client insists on one.
    apiKey: endpoint.key ?? 'no-key',
    // The client would take each of these from the environment.
    organization: null,
    project: null,
    webhookSecret: null,
    adminAPIKey: null,
    maxRetries: 0,
    logLevel: 'off',
    // A redirect could take the key and the images to another host.
    fetchOptions: { redirect: 'manual' },
  })
  return {
    openai,
    redact,
    answeredError: error =>
      error instanceof APIError && error.status !== undefined
        ? { status: error.status, says: redact(saidBy(error)) }
        : undefined,
  }
}

function saidBy(error: APIError): string {
  const inner = error.error as { message?: unknown } | undefined
  if (typeof inner?.message === 'string') return inner.message
  return error.message.replace(/^\d+\s*/, '').replace('status code (no body)', '')
}
