import type { Cell } from '../../notebook/document.ts'
import type { OutputItem, SavedCell } from '../protocol/messages.ts'
import type { Material } from './material.ts'

/**
 * The study as a Jupyter notebook (nbformat 4.5): prose as Markdown cells, cells as code cells whose outputs hold an
 * image and a text where Jupyter has no renderer of ours. It is for reading; its cells do not run in Jupyter.
 */
export function toIpynb({ document, outputs, objects }: Material): string {
  const ids = new Set<string>()
  const cells = document.cells.map((cell, index) =>
    jupyterCell(cell, uniqueId(cell, index, ids), outputs, objects),
  )
  const notebook = {
    cells,
    metadata: {
      kernelspec: { display_name: 'Mirage', language: 'yaml', name: 'mirage' },
      language_info: { name: 'yaml' },
      ...(document.meta.title && { title: document.meta.title }),
    },
    nbformat: 4,
    nbformat_minor: 5,
  }
  return `${JSON.stringify(notebook, null, 1)}\n`
}

/** Cell ids of nbformat: 1 to 64 letters, digits, - and _. */
function uniqueId(cell: Cell, index: number, taken: Set<string>): string {
  const wish = cell.kind === 'prose' ? `prose-${index}` : cell.id.replace(/[^\w-]/g, '-').slice(0, 48)
  let id = wish
  for (let n = 2; taken.has(id); n++) id = `${wish}-${n}`
  taken.add(id)
  return id
}

function jupyterCell(
  cell: Cell,
  id: string,
  outputs: Map<string, SavedCell>,
  objects: Material['objects'],
): object {
  if (cell.kind === 'prose') return { cell_type: 'markdown', id, metadata: {}, source: lines(cell.text) }
  return {
    cell_type: 'code',
    execution_count: null,
    id,
    metadata: {
      mirage: { kind: cell.kind, id: cell.id, ...cell.attributes },
      vscode: { languageId: cell.language },
    },
    outputs: outputs.get(cell.id)?.outputs.map(({ items }) => displayData(items, objects)) ?? [],
    source: lines(cell.text),
  }
}

function displayData(items: OutputItem[], objects: Material['objects']): object {
  const data: Record<string, unknown> = {}
  for (const item of items) {
    if ('json' in item) data[item.mime] = item.json
    else if ('text' in item) data[item.mime] = lines(item.text)
    else {
      const object = objects.get(item.object)
      if (object) data[item.mime] = Buffer.from(object.bytes).toString('base64')
    }
  }
  return { output_type: 'display_data', data, metadata: {} }
}

/** nbformat keeps text as a list of lines that hold their ends. */
const lines = (text: string) => text.match(/[^\n]*\n|[^\n]+$/g) ?? []
