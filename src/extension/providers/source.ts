import type { StudyLanguage } from '../../kernel/protocol/messages.ts'
import { type Analyse, analyser } from '../language/analysis.ts'
import type { ReadFile } from '../outputs/saved-outputs.ts'
import type { vscode } from '../vscode.ts'

/** Used when the extension was not built whole: nothing is completed and nothing is wrong. */
const NOTHING: StudyLanguage = {
  steps: [],
  models: [],
  metrics: [],
  providers: [],
  prompts: { schema: {}, shipped: [] },
}

/** The language, and what it says of a cell's text. */
export interface KnownLanguage {
  language: StudyLanguage
  analyse: Analyse
}

/**
 * The language of studies as the kernel describes it. It is written when the extension is built, so that editing needs
 * no kernel and works in a workspace that is not trusted.
 */
export class LanguageSource {
  readonly #fs: ReadFile
  readonly #file: vscode.Uri
  readonly #log: (line: string) => void
  #known: Promise<KnownLanguage> | undefined

  constructor(fs: ReadFile, file: vscode.Uri, log: (line: string) => void) {
    this.#fs = fs
    this.#file = file
    this.#log = log
  }

  get(): Promise<KnownLanguage> {
    this.#known ??= this.#load()
    return this.#known
  }

  async #load(): Promise<KnownLanguage> {
    const [language, templates] = await Promise.all([
      this.#read(),
      import('../../notebook/prompt/template.ts'),
    ])
    return { language, analyse: analyser(language, templates) }
  }

  async #read(): Promise<StudyLanguage> {
    try {
      const bytes = await this.#fs.readFile(this.#file)
      return JSON.parse(new TextDecoder().decode(bytes)) as StudyLanguage
    } catch (error) {
      this.#log(`The description of the steps can't be read, so cells are not completed: ${String(error)}`)
      return NOTHING
    }
  }
}
