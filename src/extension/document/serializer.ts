import { printEditor, toEditor } from '../../notebook/cells.ts'
import { FormatError } from '../../notebook/errors.ts'
import { isNewerFormat } from '../../notebook/front-matter.ts'
import { decodeStudy, openStudy } from '../../notebook/open.ts'
import { Failure } from '../failure.ts'
import type { vscode } from '../vscode.ts'
import { fromNotebook, metaOf, type PlainNotebook, toNotebook } from './notebook-data.ts'

type Api = Pick<typeof vscode, 'NotebookData' | 'NotebookCellData'>

/**
 * Reads and writes `*.mirage.md` for the editor. A text that can't be read is refused, with line and column, so that
 * an editor never holds (and never saves) less than the file; a file of a newer format is shown and never saved.
 */
export class StudySerializer implements vscode.NotebookSerializer {
  readonly #api: Api

  constructor(api: Api) {
    this.#api = api
  }

  deserializeNotebook(content: Uint8Array): vscode.NotebookData {
    const { document } = actionable(() => openStudy(decodeStudy(content)))
    return toNotebookData(this.#api, toNotebook(toEditor(document)))
  }

  serializeNotebook(data: vscode.NotebookData): Uint8Array {
    const notebook = data as PlainNotebook
    if (isNewerFormat(metaOf(notebook.metadata))) {
      throw new Failure({
        code: 'format-newer',
        message:
          'This study was made by a newer Mirage and is not saved, so that nothing of it is lost. Update Mirage, or edit the file as text.',
      })
    }
    return new TextEncoder().encode(actionable(() => printEditor(fromNotebook(notebook))))
  }
}

/** The editor shows an error's message alone, so the remedy goes into it. */
function actionable<T>(act: () => T): T {
  try {
    return act()
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    throw new Failure({ ...error.info, message: `${error.message} ${error.info.remedy}` }, { cause: error })
  }
}

export function toNotebookData(api: Api, notebook: PlainNotebook): vscode.NotebookData {
  const data = new api.NotebookData(
    notebook.cells.map(({ kind, value, languageId, metadata }) =>
      Object.assign(new api.NotebookCellData(kind, value, languageId), { metadata }),
    ),
  )
  data.metadata = notebook.metadata
  return data
}
