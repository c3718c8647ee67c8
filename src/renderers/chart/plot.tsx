import { useEffect, useRef, useState } from 'preact/hooks'
import type { View } from 'vega'
import { readTheme, watchTheme } from '../shared/ui/theme.ts'
import { drawChart } from './draw.ts'
import { type ChartMark, marksOf } from './marks.ts'
import { PAPER } from './palette.ts'

/** A drawn chart: its view, for exports, and where its meaningful marks are. */
export interface Drawing {
  view: View
  marks: ChartMark[]
}

/**
 * Ends a view. Vega's SVG renderer keeps the last element that it drew in a variable of its module, and through it the
 * whole chart and its data; taken apart, the element holds nothing but itself.
 */
function endDrawing(view: View, sheet: HTMLElement): void {
  view.finalize()
  for (const element of sheet.querySelectorAll<Element & { __data__?: unknown }>('*')) {
    delete element.__data__
    element.remove()
  }
}

/** Draws a specification, again when the theme or the room changes. The marks are `.mirage-chart svg .mark-symbol path`. */
export function useDrawing(spec: Record<string, unknown>, paper: boolean) {
  const element = useRef<HTMLDivElement>(null)
  const [drawing, setDrawing] = useState<Drawing | undefined>()
  const [failure, setFailure] = useState<string | undefined>()
  const shown = useRef<(() => void) | undefined>(undefined)
  const [look, setLook] = useState({ width: 0, theme: '' })

  useEffect(() => {
    const box = element.current!
    const measure = () => {
      const next = { width: box.clientWidth, theme: JSON.stringify(readTheme(box)) }
      setLook(last => (last.width === next.width && last.theme === next.theme ? last : next))
    }
    const sizes = new ResizeObserver(measure)
    sizes.observe(box)
    const end = watchTheme(document, measure)
    measure()
    return () => {
      sizes.disconnect()
      end()
    }
  }, [])

  useEffect(() => {
    if (look.width === 0) return undefined
    const box = element.current!
    // The former drawing stays until the next is there, so that nothing jumps.
    const sheet = document.createElement('div')
    let live = true
    drawChart(spec, sheet, paper ? PAPER : readTheme(box), look.width).then(
      view => {
        if (!live) {
          endDrawing(view, sheet)
          return
        }
        box.replaceChildren(sheet)
        shown.current?.()
        shown.current = () => endDrawing(view, sheet)
        setFailure(undefined)
        setDrawing({ view, marks: marksOf(view) })
      },
      error => live && setFailure(error instanceof Error ? error.message : String(error)),
    )
    return () => {
      live = false
    }
  }, [spec, paper, look])

  useEffect(
    () => () => {
      shown.current?.()
      shown.current = undefined
    },
    [],
  )

  return { element, drawing, failure }
}
