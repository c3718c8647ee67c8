import { MirageError } from '../../errors.ts'

/** Where a judge is asked, and with which key. The key is used for the call and redacted from everything else. */
export interface Endpoint {
  /** Without a slash at the end. */
  baseURL: string
  /** For messages: host and port. */
  host: string
  loopback: boolean
  key?: string
  /** Why it cannot be asked. Its stored answers can still be used. */
  unconfigured?: string
}

export interface EndpointSettings {
  baseURL?: string
  /** Name of the environment variable that holds the key. */
  key?: string
}

type Environment = Readonly<Record<string, string | undefined>>

export const OPENAI_URL = 'https://api.openai.com/v1'

/**
 * Resolves an endpoint from a cell's settings and the environment (`OPENAI_BASE_URL`, `OPENAI_API_KEY`). The key of
 * `OPENAI_API_KEY` goes to another host than the environment's own only when the cell names the variable.
 *
 * @throws MirageError `endpoint-address` for an address that is neither https nor loopback, or that carries a secret.
 */
export function resolveEndpoint(settings: EndpointSettings, env: Environment): Endpoint {
  const ambient = env.OPENAI_BASE_URL?.trim() || OPENAI_URL
  const baseURL = settings.baseURL ?? ambient
  const address = checkAddress(baseURL)
  const variable = settings.key ?? (sameOrigin(baseURL, ambient) ? 'OPENAI_API_KEY' : undefined)
  const key = variable === undefined ? undefined : env[variable]?.trim()
  if (key) return { ...address, key }
  if (address.loopback && settings.key === undefined) return address
  const why =
    variable === undefined
      ? 'the cell names no variable with its key'
      : `the environment variable ${variable} is not set`
  return { ...address, unconfigured: `no key for ${address.host}: ${why}` }
}

function checkAddress(baseURL: string): Pick<Endpoint, 'baseURL' | 'host' | 'loopback'> {
  const url = URL.parse(baseURL)
  if (!url || !['https:', 'http:'].includes(url.protocol)) {
    throw addressError(`The judge's baseURL is no web address.`)
  }
  // Neither the address nor the message may carry a key.
  if (url.username || url.password || url.search || url.hash) {
    throw addressError(`The judge's baseURL for ${url.host} must not carry a user, a query or a fragment.`)
  }
  const loopback = isLoopback(url.hostname)
  if (url.protocol !== 'https:' && !loopback) {
    throw addressError(`The judge's baseURL for ${url.host} is not encrypted.`)
  }
  return { baseURL: url.href.replace(/\/+$/, ''), host: url.host, loopback }
}

function addressError(message: string): MirageError {
  return new MirageError({
    code: 'endpoint-address',
    message,
    remedy: `Use an https address such as ${OPENAI_URL}, or a server on this machine such as http://localhost:11434/v1. The key goes into an environment variable (\`key: NAME\`).`,
  })
}

export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname)
}

function sameOrigin(a: string, b: string): boolean {
  const [left, right] = [URL.parse(a), URL.parse(b)]
  return left !== null && left.origin === right?.origin
}

export const HOW_TO_CONFIGURE =
  'Set OPENAI_API_KEY in the environment (in VS Code: "Mirage: Set Judge Key"), or name a server in the cell, such as judge: { model: qwen2.5vl, baseURL: "http://localhost:11434/v1" } for Ollama, LM Studio or vLLM. Other hosts need key: NAME_OF_VARIABLE.'
