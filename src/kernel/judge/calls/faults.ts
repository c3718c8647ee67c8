import { MirageError } from '../../errors.ts'

/** Why a call brought no answer. */
export interface Fault {
  kind: FaultKind
  /** What happened, with the host; continues "No answer: ". */
  message: string
  remedy: string
  /** Seconds that the server asked to wait. */
  retryAfter?: number
  /** What arrived before it broke off. */
  partial?: string
}

export type FaultKind =
  | 'unreachable'
  | 'refused'
  | 'redirected'
  | 'unauthorised'
  | 'unknown'
  | 'rejected'
  | 'too-large'
  | 'quota'
  | 'rate-limited'
  | 'server'
  | 'timeout'
  | 'reset'

interface FaultRow {
  /** How often a question is asked in all: once, twice, or as the retry policy says. */
  calls: 1 | 2 | 'policy'
  /** It would meet every other question as well, so none is asked. */
  everyone: boolean
  remedy: string
}

/** What to do about each fault. */
export const FAULTS: Record<FaultKind, FaultRow> = {
  unreachable: { calls: 2, everyone: true, remedy: 'Check the baseURL and the network.' },
  refused: { calls: 2, everyone: true, remedy: 'Start the server, or correct the baseURL of the judge.' },
  redirected: {
    calls: 1,
    everyone: true,
    remedy: 'Write the address that the server really has; Mirage follows no redirect with your images.',
  },
  unauthorised: {
    calls: 1,
    everyone: true,
    remedy: 'Check the key in the environment variable, and that it may use the model.',
  },
  unknown: {
    calls: 1,
    everyone: true,
    remedy: 'Check the model name and the path of the baseURL (it usually ends in /v1).',
  },
  rejected: {
    calls: 1,
    everyone: false,
    remedy:
      'Read what the server says. A parameter that the model does not know is left out with null (`temperature: null`).',
  },
  'too-large': {
    calls: 1,
    everyone: false,
    remedy: 'Send smaller images: `longest: 768` or `format: jpeg` in the prompt.',
  },
  quota: {
    calls: 1,
    everyone: true,
    remedy:
      "Check the account's credit and limits with the provider, then run the cell again: nothing that was answered is asked again.",
  },
  'rate-limited': {
    calls: 'policy',
    everyone: false,
    remedy: 'Lower `concurrency` or set `rpm`, then run the cell again: only what is missing is asked.',
  },
  server: {
    calls: 'policy',
    everyone: false,
    remedy: 'Run the cell again later: only what is missing is asked.',
  },
  timeout: {
    calls: 2,
    everyone: false,
    remedy:
      'Raise `timeout` of the judge or lower `concurrency`, then run the cell again: only what is missing is asked.',
  },
  reset: { calls: 'policy', everyone: false, remedy: 'Run the cell again: only what is missing is asked.' },
}

/** The kind of fault that an HTTP status means. `says` is the server's own message. */
export function kindOfStatus(status: number, says: string): FaultKind {
  if (status >= 300 && status < 400) return 'redirected'
  if (status === 401 || status === 403) return 'unauthorised'
  if (status === 404) return 'unknown'
  if (status === 402 || (status === 429 && /quota|billing|credit/i.test(says))) return 'quota'
  if (status === 413) return 'too-large'
  if (status === 408 || status === 409 || status === 425 || status === 429) return 'rate-limited'
  if (status >= 500) return 'server'
  return 'rejected'
}

const REASONS: Partial<Record<number, string>> = {
  401: 'unauthorised',
  403: 'forbidden',
  404: 'not found',
  429: 'too many requests',
}

export function statusFault(host: string, status: number, says: string, retryAfter?: number): Fault {
  const kind = kindOfStatus(status, says)
  const reason = REASONS[status] ? ` (${REASONS[status]})` : ''
  const quote = says.trim() ? `: ${shorten(says)}` : ''
  return fault(kind, `${host} answered ${status}${reason}${quote}`, { retryAfter })
}

/** The fault behind an error of a connection, whoever used it. */
export function networkFault(host: string, error: unknown, partial?: string): Fault {
  const code = codeOf(error)
  if (code === 'ECONNREFUSED') return fault('refused', `${host} refused the connection`)
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return fault('unreachable', `${host} was not found`)
  if (/CERT|SSL|TLS|SELF_SIGNED/.test(code))
    return fault('unreachable', `${host} has a certificate that is not trusted (${code})`)
  if (/TIMEOUT|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/.test(code))
    return fault('unreachable', `${host} could not be reached (${code})`)
  const where = partial ? ' in the middle of its answer' : ''
  return fault('reset', `${host} broke the connection${where}${code ? ` (${code})` : ''}`, { partial })
}

export function timeoutFault(host: string, seconds: number, partial?: string): Fault {
  return fault('timeout', `${host} gave no ${partial ? 'complete ' : ''}answer within ${seconds} s`, {
    partial,
  })
}

function fault(kind: FaultKind, message: string, more: Pick<Fault, 'retryAfter' | 'partial'> = {}): Fault {
  const given = Object.fromEntries(
    Object.entries(more).filter(([, value]) => value !== undefined && value !== ''),
  )
  return { kind, message, remedy: FAULTS[kind].remedy, ...given }
}

/** The first error code in a chain of causes, such as `ECONNREFUSED`. */
function codeOf(error: unknown): string {
  for (let current = error, depth = 0; current && depth < 6; depth++) {
    const { code, cause, errors } = current as { code?: unknown; cause?: unknown; errors?: unknown[] }
    if (typeof code === 'string' && code) return code
    current = cause ?? errors?.[0]
  }
  return ''
}

/** Words of a server, for one line. */
export function shorten(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > 200 ? `${line.slice(0, 199)}…` : line
}

/** A fault that ends the cell. */
export function judgeError(fault: Fault, rest = ''): MirageError {
  return new MirageError({
    code: `judge-${fault.kind}`,
    message: `The judge gave no answer: ${fault.message}.${rest}`,
    remedy: fault.remedy,
  })
}
