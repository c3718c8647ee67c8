import type { Overlay } from '../protocol/mime.ts'
import type { ResolvedNetwork } from './features/network.ts'

/** A metric with all its settings, and the column that its values go to. */
export interface Use {
  column: string
  metric: string
  settings: Record<string, unknown>
  network?: ResolvedNetwork
}

export interface MeasuredRow {
  values: Record<string, number | null>
  /** Why a value is null, by column. */
  missing: Record<string, string>
  overlays: Overlay[]
}

/** A row that could not be measured, with the reason in every column. */
export function unmeasured(uses: readonly Use[], reason: string): MeasuredRow {
  const all = <T>(value: T) => Object.fromEntries(uses.map(({ column }) => [column, value]))
  return { values: all(null), missing: all(reason), overlays: [] }
}
