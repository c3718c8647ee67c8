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
