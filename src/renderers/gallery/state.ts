import type { GroupBy, Sorting } from './order.ts'
import { rowKey, type ShownRow } from './rows.ts'

export type TileWidth = 112 | 160 | 240

/** Tags given here, which hold until the study has others than those that they took the place of. */
export interface GivenTags {
  over: readonly string[]
  tags: readonly string[]
}

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
  /** By `rowKey`: what was written into the study since its cell ran. */
  given: Record<string, GivenTags>
}

export const OPENING: GalleryState = {
  filter: '',
  sorting: { by: '', descending: false },
  groupBy: '',
  width: 160,
  onlySelected: false,
  open: null,
  given: {},
}

/** The tags of a row as its study will have them when the cell runs again. */
export function tagsOf({ given }: Pick<GalleryState, 'given'>, row: ShownRow): readonly string[] {
  const own = row.tags ?? []
  const later = given[rowKey(row)]
  return later && later.over.join('\n') === own.join('\n') ? later.tags : own
}

/** The state after a row was given tags. */
export function withTags(
  { given }: GalleryState,
  row: ShownRow,
  tags: readonly string[],
): Partial<GalleryState> {
  return { given: { ...given, [rowKey(row)]: { over: row.tags ?? [], tags } } }
}
