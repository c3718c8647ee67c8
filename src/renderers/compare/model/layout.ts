import type { Size } from './view.ts'

export interface PaneLayout {
  columns: number
  /** Of one pane, in whole CSS px. */
  pane: Size
}

const GAP = 6
const TALLEST = 460
const LOWEST = 120
/** Narrower panes are put into two columns. */
const NARROWEST = 150

/** Equal panes for a width in CSS px: as large as the width allows, never so tall that one has to scroll. */
export function layoutPanes(count: number, frame: Size, width: number): PaneLayout {
  const most = Math.max(1, count)
  const columns = most > 2 && width / most < NARROWEST ? 2 : most
  const paneWidth = Math.max(40, Math.floor((width - GAP * (columns - 1)) / columns))
  const natural = Math.round((paneWidth * frame.height) / frame.width)
  return { columns, pane: { width: paneWidth, height: Math.min(TALLEST, Math.max(LOWEST, natural)) } }
}

export const PANE_GAP = GAP
