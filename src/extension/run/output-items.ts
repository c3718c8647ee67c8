import type { ErrorInfo, Output, OutputItem } from '../../kernel/protocol/messages.ts'
import type { vscode } from '../vscode.ts'
import { FAILURE_MIME } from './cell-run.ts'

/** Bytes of a stored object. Rejects when it is neither in the store nor in the outputs folder. */
export type ReadObject = (hash: string) => Promise<Uint8Array>

type Api = Pick<typeof vscode, 'NotebookCellOutputItem'>

/**
 * The alternatives of an output as VS Code's items, richest first. An object that can't be read becomes a line that
 * says so, never a missing output.
 */
export async function toItems(
  api: Api,
  output: Output,
  read: ReadObject,
): Promise<vscode.NotebookCellOutputItem[]> {
  return Promise.all(output.items.map(item => toItem(api, item, read)))
}

/** What an output carries: its own id, and the cell's, as renderers are told. */
export function outputMetadata(cell: string, output: string): { mirage: string; cell: string } {
  return { mirage: output, cell }
}

async function toItem(api: Api, item: OutputItem, read: ReadObject): Promise<vscode.NotebookCellOutputItem> {
  const { NotebookCellOutputItem } = api
  if ('json' in item) {
    if (item.mime === FAILURE_MIME) return NotebookCellOutputItem.error(failureError(item.json as ErrorInfo))
    return NotebookCellOutputItem.json(item.json, item.mime)
  }
  if ('text' in item) return NotebookCellOutputItem.text(item.text, item.mime)
  try {
    return new NotebookCellOutputItem(await read(item.object), item.mime)
  } catch (error) {
    return NotebookCellOutputItem.text(`${item.mime} output can't be shown: ${messageOf(error)}`)
  }
}

/**
 * The error that VS Code's own error renderer shows. It prints `stack` alone when there is one, so all that a person
 * needs is in it: what, where, what to do.
 */
export function failureError(info: ErrorInfo): Error {
  const error = new Error(info.message)
  error.name = info.code
  error.stack = failureText(info)
  return error
}

/** What, where, what to do, one line each. */
export function failureText(info: ErrorInfo): string {
  const lines = [info.message]
  if (info.at) lines.push(`At line ${info.at.line}, column ${info.at.column} of this cell.`)
  if (info.remedy) lines.push(`What to do: ${info.remedy}`)
  return lines.join('\n')
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
