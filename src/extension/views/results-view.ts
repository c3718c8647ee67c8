import type { ResultSummary } from '../../kernel/protocol/messages.ts'
import type { vscode } from '../vscode.ts'

type Column = ResultSummary['columns'][number]

export type ResultNode = { result: ResultSummary } | { result: ResultSummary; column: Column }

export interface ResultsPorts {
  api: Pick<typeof vscode, 'TreeItem' | 'ThemeIcon' | 'MarkdownString' | 'TreeItemCollapsibleState' | 'l10n'>
  changed: vscode.Event<void>
  results(): readonly ResultSummary[]
  /** A `data:` address of a stored picture. */
  picture(hash: string): Promise<string>
}

const ICONS: { readonly [kind: string]: string } = {
  table: 'table',
  prompt: 'comment',
  model: 'circuit-board',
  proxy: 'graph-scatter',
}

/** The named results of the active study: what they are, how large, and the range of each number. */
export class ResultsView implements vscode.TreeDataProvider<ResultNode> {
  readonly onDidChangeTreeData: vscode.Event<void>
  readonly #ports: ResultsPorts

  constructor(ports: ResultsPorts) {
    this.#ports = ports
    this.onDidChangeTreeData = ports.changed
  }

  getChildren(node?: ResultNode): ResultNode[] {
    if (!node) return this.#ports.results().map(result => ({ result }))
    return 'column' in node ? [] : node.result.columns.map(column => ({ result: node.result, column }))
  }

  getTreeItem(node: ResultNode): vscode.TreeItem {
    return 'column' in node ? this.#columnItem(node.column) : this.#resultItem(node.result)
  }

  async resolveTreeItem(item: vscode.TreeItem, node: ResultNode): Promise<vscode.TreeItem> {
    const { result } = node
    const { MarkdownString, l10n } = this.#ports.api
    const tooltip = new MarkdownString()
    tooltip.appendText(l10n.t('{0}: {1}, made by the cell {2}', result.name, result.shape, result.cell))
    if (result.thumb)
      tooltip.appendMarkdown(`\n\n![an image of this result](${await this.#ports.picture(result.thumb)})`)
    item.tooltip = tooltip
    return item
  }

  #resultItem(result: ResultSummary): vscode.TreeItem {
    const { TreeItem, ThemeIcon, TreeItemCollapsibleState, l10n } = this.#ports.api
    const state =
      result.columns.length > 0 ? TreeItemCollapsibleState.Collapsed : TreeItemCollapsibleState.None
    const item = new TreeItem(result.name, state)
    item.description = result.shape
    item.iconPath = new ThemeIcon(ICONS[result.kind] ?? 'symbol-variable')
    item.contextValue = 'result'
    item.command = { command: 'mirage.revealCell', title: l10n.t('Go to Cell'), arguments: [result.cell] }
    return item
  }

  #columnItem(column: Column): vscode.TreeItem {
    const { TreeItem, ThemeIcon, TreeItemCollapsibleState } = this.#ports.api
    const item = new TreeItem(column.name, TreeItemCollapsibleState.None)
    item.description = columnText(column)
    item.iconPath = new ThemeIcon('symbol-number')
    return item
  }
}

/** Such as `21.3 to 34.9, 2 missing`. */
export function columnText({ min, max, missing }: Column): string {
  const range = min === null || max === null ? 'no numbers' : `${short(min)} to ${short(max)}`
  return missing > 0 ? `${range}, ${missing} missing` : range
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)))
}
