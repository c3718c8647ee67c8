import { newId } from '../../notebook/ids.ts'
import { cellMetadata, idOf, isCode, kindOf, type OpenCell } from './notebook-data.ts'

export interface NewId {
  /** Index in the notebook. */
  index: number
  id: string
  attributes: Record<string, string>
}

/**
 * Ids for the code cells that have none, and for copies of cells that keep theirs. Of two cells with one id the one
 * that was just `added` is the copy.
 */
export function missingIds(cells: readonly OpenCell[], added: ReadonlySet<unknown> = new Set()): NewId[] {
  const taken = new Set<string>()
  const needy = new Set<number>()
  const claim = (wanted: (cell: unknown) => boolean) =>
    cells.forEach((cell, index) => {
      if (!isCode(cell) || !kindOf(cell.document.languageId) || !wanted(cell)) return
      const id = idOf(cell)
      if (id === '' || taken.has(id)) needy.add(index)
      else taken.add(id)
    })
  claim(cell => !added.has(cell))
  claim(cell => added.has(cell))
  return [...needy]
    .sort((a, b) => a - b)
    .map(index => {
      const { document, metadata } = cells[index]
      const kind = kindOf(document.languageId)!
      const attributes = { ...cellMetadata(metadata).attributes }
      const id = newId({ kind, attributes, text: document.getText() }, taken)
      taken.add(id)
      // A prompt is read by its name, so a new one, or a copy, gets one of its own.
      const named = attributes.prompt !== undefined && idOf(cells[index]) === ''
      return {
        index,
        id,
        attributes: kind === 'prompt' && !named ? { ...attributes, prompt: id } : attributes,
      }
    })
}
