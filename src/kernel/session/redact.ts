import type { Compute } from '../compute/compute.ts'
import { MirageError } from '../errors.ts'

/** Names of environment variables whose values are secrets. */
const SECRET_NAME = /(KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL)/i

/** Shorter values would blank out ordinary words. */
const SHORTEST_SECRET = 8

type Environment = Readonly<Record<string, string | undefined>>

export const isSecretName = (name: string): boolean => SECRET_NAME.test(name)

/** A function that replaces every occurrence of every secret value in a text. */
export function redactor(env: () => Environment): (text: string) => string {
  return text => {
    let clean = text
    for (const [name, value] of Object.entries(env())) {
      if (value && value.length >= SHORTEST_SECRET && isSecretName(name))
        clean = clean.replaceAll(value, `<${name}>`)
    }
    return clean
  }
}

/** The environment without secrets, for processes that do not need them. */
export function withoutSecrets(env: Environment): Record<string, string> {
  const kept = Object.entries(env).filter(([name, value]) => value !== undefined && !isSecretName(name))
  return Object.fromEntries(kept) as Record<string, string>
}

/** Compute whose errors hold no key: what a program says as it fails becomes the reason of a row, and is kept. */
export function redacting(compute: Compute, redact: (text: string) => string): Compute {
  return {
    ...compute,
    run: (job, params, options) =>
      compute.run(job, params, options).catch(error => {
        throw options.signal.aborted ? error : withoutKeys(error, redact)
      }),
  }
}

function withoutKeys(error: unknown, redact: (text: string) => string): unknown {
  if (!(error instanceof Error)) return error
  if (!(error instanceof MirageError)) {
    const bug = new Error(redact(error.message))
    bug.stack = error.stack && redact(error.stack)
    return bug
  }
  const { message, remedy, lasting, ...rest } = error.info
  return new MirageError({
    ...rest,
    message: redact(message),
    ...(remedy !== undefined && { remedy: redact(remedy) }),
    ...(lasting !== undefined && { lasting: redact(lasting) }),
  })
}
