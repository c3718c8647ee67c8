import { Failure, infoOf } from '../failure.ts'
import type { vscode } from '../vscode.ts'
import { CODE, MARKUP } from './notebook-data.ts'
import { toNotebookData } from './serializer.ts'

type Api = Pick<typeof vscode, 'NotebookData' | 'NotebookCellData'>

/**
 * Stands in when Mirage could not start: shows the file's text and the reason, and refuses to save, so that a broken
 * installation never costs a study.
 */
export class FallbackSerializer implements vscode.NotebookSerializer {
  readonly #api: Api
  readonly #cause: unknown

  constructor(api: Api, cause: unknown) {
    this.#api = api
    this.#cause = cause
  }

  deserializeNotebook(content: Uint8Array): vscode.NotebookData {
    const { message } = infoOf(this.#cause)
    const notice = `**Mirage could not start, so this study is shown as text and can't be saved.** ${message}`
    return toNotebookData(this.#api, {
      cells: [
        { kind: MARKUP, languageId: 'markdown', value: notice },
        { kind: CODE, languageId: 'markdown', value: new TextDecoder().decode(content) },
      ],
    })
  }

  serializeNotebook(): never {
    throw new Failure({
      code: 'not-started',
      message: 'Mirage could not start, so it does not save this study. Open the file as text to edit it.',
    })
  }
}
