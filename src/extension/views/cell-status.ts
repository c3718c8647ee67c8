import { cellMetadata, kindOf } from '../document/notebook-data.ts'
import type { Badge } from '../run/badges.ts'
import type { OpenStudy } from '../session/open-study.ts'
import type { vscode } from '../vscode.ts'

type Api = Pick<typeof vscode, 'NotebookCellStatusBarItem' | 'NotebookCellStatusBarAlignment' | 'l10n'>

/** The line below each cell: progress, cached, stale, saved, and the name of a prompt. */
export class CellStatus implements vscode.NotebookCellStatusBarItemProvider {
  readonly onDidChangeCellStatusBarItems: vscode.Event<void>
  readonly #api: Api
  readonly #study: (notebook: vscode.NotebookDocument) => OpenStudy | undefined

  constructor(
    api: Api,
    changed: vscode.Event<void>,
    study: (notebook: vscode.NotebookDocument) => OpenStudy | undefined,
  ) {
    this.#api = api
    this.onDidChangeCellStatusBarItems = changed
    this.#study = study
  }

  provideCellStatusBarItems(cell: vscode.NotebookCell): vscode.NotebookCellStatusBarItem[] {
    const kind = kindOf(cell.document.languageId)
    if (!kind) return []
    const badges = this.#study(cell.notebook)?.badges(cell) ?? []
    const { l10n } = this.#api
    const { Left, Right } = this.#api.NotebookCellStatusBarAlignment
    const items = badges.map(badge => this.#item(badge, Left))
    if (kind === 'prompt') {
      const name = cellMetadata(cell.metadata).attributes?.prompt
      const item = this.#item(
        {
          text: `$(comment) ${name ?? l10n.t('unnamed prompt')}`,
          tooltip: l10n.t('Name of this prompt. Click to rename.'),
        },
        Right,
      )
      item.command = { command: 'mirage.renamePrompt', title: l10n.t('Rename Prompt'), arguments: [cell] }
      items.push(item)
    }
    return items
  }

  #item(badge: Badge, alignment: vscode.NotebookCellStatusBarAlignment): vscode.NotebookCellStatusBarItem {
    const item = new this.#api.NotebookCellStatusBarItem(badge.text, alignment)
    item.tooltip = badge.tooltip
    if (badge.command) item.command = badge.command
    return item
  }
}
