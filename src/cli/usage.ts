import { type ParseArgsConfig, parseArgs } from 'node:util'

/** The call itself is wrong; shown without a stack. */
export class UsageError extends Error {
  readonly remedy: string
  constructor(message: string, remedy: string) {
    super(message)
    this.name = 'UsageError'
    this.remedy = remedy
  }
}

export interface Command {
  summary: string
  usage: string
  run(words: string[]): Promise<number>
}

/** `parseArgs` of Node whose complaints are usage errors. */
export function parseWords<T extends NonNullable<ParseArgsConfig['options']>>(
  words: string[],
  options: T,
  usage: string,
) {
  try {
    return parseArgs({ args: words, options, allowPositionals: true, strict: true })
  } catch (error) {
    throw new UsageError((error as Error).message, usage)
  }
}
