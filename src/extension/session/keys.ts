import type { vscode } from '../vscode.ts'

/** The variable that judges read their key from unless a cell names another. */
export const DEFAULT_KEY = 'OPENAI_API_KEY'

const NAMES = 'mirage.keyNames'

/**
 * The judges' API keys, in VS Code's secret storage by the name of the environment variable that they stand for. Only
 * the names are kept elsewhere. Keys leave this class for one place: the kernel's memory.
 */
export class JudgeKeys {
  readonly #secrets: Pick<vscode.SecretStorage, 'get' | 'store' | 'delete'>
  readonly #memory: Pick<vscode.Memento, 'get' | 'update'>

  constructor(
    secrets: Pick<vscode.SecretStorage, 'get' | 'store' | 'delete'>,
    memory: Pick<vscode.Memento, 'get' | 'update'>,
  ) {
    this.#secrets = secrets
    this.#memory = memory
  }

  names(): readonly string[] {
    return this.#memory.get<readonly string[]>(NAMES) ?? []
  }

  async set(name: string, key: string): Promise<void> {
    await this.#secrets.store(secretOf(name), key)
    await this.#memory.update(NAMES, [...new Set([...this.names(), name])].sort())
  }

  async clear(name: string): Promise<void> {
    await this.#secrets.delete(secretOf(name))
    await this.#memory.update(
      NAMES,
      this.names().filter(known => known !== name),
    )
  }

  /** For the kernel's memory, never for a command line or a file. */
  async environment(): Promise<Record<string, string>> {
    const entries = await Promise.all(
      this.names().map(async name => [name, await this.#secrets.get(secretOf(name))] as const),
    )
    return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== undefined))
  }
}

function secretOf(name: string): string {
  return `mirage.key.${name}`
}
