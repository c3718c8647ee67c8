import type { Study } from '../kernel/protocol/messages.ts'
import type { StudyDocument } from '../notebook/document.ts'

/** A parsed document as the kernel takes it: code cells only. */
export function studyOf(path: string, document: StudyDocument): Study {
  return {
    path,
    seed: document.meta.seed,
    meta: { ...document.meta },
    cells: document.cells
      .filter(cell => cell.kind !== 'prose')
      .map(({ id, kind, attributes, text, line }) => ({ id, kind, attributes, text, line })),
  }
}
