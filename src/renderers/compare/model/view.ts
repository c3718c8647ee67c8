import type { Placement } from '../../shared/pictures/picture.ts'

/** What all panes look at: `x`, `y` in 0..1 of the frame lie at the centre of each pane. */
export interface View {
  /** CSS px per frame px, or as large as the pane allows. */
  zoom: number | 'fit'
  x: number
  y: number
}

/** Width and height: of the frame in its pixels, of a pane in CSS px. */
export interface Size {
  width: number
  height: number
}

export interface Point {
  x: number
  y: number
}

export const FIT: View = { zoom: 'fit', x: 0.5, y: 0.5 }
export const MAX_ZOOM = 64

export function fitScale(frame: Size, pane: Size): number {
  return Math.min(pane.width / frame.width, pane.height / frame.height, MAX_ZOOM)
}

/** CSS px per frame px. */
export function scaleOf(view: View, frame: Size, pane: Size): number {
  return view.zoom === 'fit' ? fitScale(frame, pane) : view.zoom
}

/** Keeps the frame over the pane: no gap beside it where it is larger, centred where it is smaller. */
export function clampView(view: View, frame: Size, pane: Size): View {
  if (view.zoom === 'fit') return FIT
  const least = Math.min(fitScale(frame, pane), 1)
  const zoom = Math.min(MAX_ZOOM, Math.max(least, view.zoom))
  const centre = (value: number, length: number, room: number) => {
    const half = room / (2 * zoom * length)
    return half >= 0.5 ? 0.5 : Math.min(1 - half, Math.max(half, value))
  }
  return { zoom, x: centre(view.x, frame.width, pane.width), y: centre(view.y, frame.height, pane.height) }
}

/** Frame pixels under a point of the pane (CSS px from its corner); may lie outside of the frame. */
export function toFrame(view: View, frame: Size, pane: Size, at: Point): Point {
  const scale = scaleOf(view, frame, pane)
  return {
    x: view.x * frame.width + (at.x - pane.width / 2) / scale,
    y: view.y * frame.height + (at.y - pane.height / 2) / scale,
  }
}

/** Zooms by a factor so that what is under `at` stays there. */
export function zoomAt(view: View, frame: Size, pane: Size, factor: number, at: Point): View {
  const held = toFrame(view, frame, pane, at)
  const wanted = { zoom: scaleOf(view, frame, pane) * factor, x: 0.5, y: 0.5 }
  const zoom = clampView(wanted, frame, pane).zoom as number
  return clampView(
    {
      zoom,
      x: (held.x - (at.x - pane.width / 2) / zoom) / frame.width,
      y: (held.y - (at.y - pane.height / 2) / zoom) / frame.height,
    },
    frame,
    pane,
  )
}

/** Moves the images by CSS px. */
export function panBy(view: View, frame: Size, pane: Size, dx: number, dy: number): View {
  const zoom = scaleOf(view, frame, pane)
  if (view.zoom === 'fit') return view
  return clampView(
    { zoom, x: view.x - dx / zoom / frame.width, y: view.y - dy / zoom / frame.height },
    frame,
    pane,
  )
}

/**
 * Where the frame lies on a pane's canvas, in canvas pixels. Its corner is on a whole pixel, so that whole zooms show
 * image pixels as squares of one size.
 * @param ratio canvas pixels per CSS px
 */
export function placeFrame(view: View, frame: Size, pane: Size, ratio: number): Placement {
  const scale = scaleOf(view, frame, pane) * ratio
  const width = Math.max(1, frame.width * scale)
  const height = Math.max(1, frame.height * scale)
  return {
    x: Math.round((pane.width * ratio) / 2 - view.x * width),
    y: Math.round((pane.height * ratio) / 2 - view.y * height),
    width,
    height,
  }
}
