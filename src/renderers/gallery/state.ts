import type { GalleryRow } from '../../kernel/protocol/mime.ts'
import type { GroupBy, Sorting } from './order.ts'

export type TileWidth = 112 | 160 | 240

/** What a person has set in a gallery. Plain JSON, remembered for the output. */
export interface GalleryState {
  filter: string
  sorting: Sorting
  groupBy: GroupBy
  width: TileWidth
  /** Shows only the rows that are selected elsewhere (in a chart). */
  onlySelected: boolean
  /** The row that is open in the comparison. */
  open: { id: string; method: string | null } | null
  /** Tags that were changed here, by `rowKey`; they win over the payload's. */
  tags: Record<string, string[]>
}

export const OPENING: GalleryState = {
  filter: '',
  sorting: { by: '', descending: false },
  groupBy: '',
  width: 160,
  onlySelected: false,
  open: null,
  tags: {},
}

/** Names a row within its study. */
export function rowKey({ id, method }: Pick<GalleryRow, 'id' | 'method'>): string {
  return JSON.stringify([id, method])
}
