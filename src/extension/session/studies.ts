import { NOTEBOOK_TYPE } from '../document/notebook-data.ts'
import type { vscode } from '../vscode.ts'
import type { OpenStudy } from './open-study.ts'

/** The studies that are open in this window, one per notebook. */
export class Studies {
  readonly #make: (notebook: vscode.NotebookDocument) => OpenStudy
  readonly #onOpen: (study: OpenStudy) => void
  readonly #open = new Map<vscode.NotebookDocument, OpenStudy>()

  constructor(make: (notebook: vscode.NotebookDocument) => OpenStudy, onOpen: (study: OpenStudy) => void) {
    this.#make = make
    this.#onOpen = onOpen
  }

  /** The study of a notebook; undefined for a notebook of another type or one that was closed. */
  of(notebook: vscode.NotebookDocument | undefined): OpenStudy | undefined {
    if (!notebook || notebook.notebookType !== NOTEBOOK_TYPE || notebook.isClosed) return undefined
    const known = this.#open.get(notebook)
    if (known) return known
    const study = this.#make(notebook)
    this.#open.set(notebook, study)
    this.#onOpen(study)
    return study
  }

  all(): OpenStudy[] {
    return [...this.#open.values()]
  }

  async close(notebook: vscode.NotebookDocument): Promise<void> {
    const study = this.#open.get(notebook)
    this.#open.delete(notebook)
    await study?.dispose()
  }

  /** The window closes, or is loaded again. */
  leaveAll(): void {
    for (const study of this.#open.values()) study.leave()
    this.#open.clear()
  }
}
