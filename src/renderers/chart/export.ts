import type { View } from 'vega'
import { readTheme } from '../shared/ui/theme.ts'
import { drawChart } from './draw.ts'
import { PAPER } from './palette.ts'

/** Image pixels per CSS px: 300 dpi at the size that a figure has on the screen. */
const SCALE = 3

/** Draws a whole specification aside, as wide as it is on the page, to be written to a file. */
export async function exportChart<T>(
  specification: Record<string, unknown>,
  shown: HTMLElement,
  paper: boolean,
  write: (view: View) => Promise<T>,
): Promise<T> {
  const view = await drawChart(specification, undefined, paper ? PAPER : readTheme(shown), shown.clientWidth)
  try {
    return await write(view)
  } finally {
    view.finalize()
  }
}

export async function toSvg(view: View): Promise<Blob> {
  return new Blob([await view.toSVG()], { type: 'image/svg+xml' })
}

export async function toPng(view: View): Promise<Blob> {
  const canvas = await view.toCanvas(SCALE)
  return new Promise((resolve, reject) =>
    canvas.toBlob(
      blob => (blob ? resolve(blob) : reject(new Error('The chart is too large for a PNG.'))),
      'image/png',
    ),
  )
}
