import { useEffect, useRef } from 'preact/hooks'
import type { Pictures } from './pictures.ts'

/**
 * A small picture on a canvas of its own, `contain`ed in its box (CSS px). Without a label it is decoration: what it
 * shows is named beside it.
 */
export function Thumbnail(props: {
  hash: string | undefined
  label: string
  width: number
  height: number
  pictures: Pictures
}) {
  const { hash, label, width, height, pictures } = props
  const canvas = useRef<HTMLCanvasElement>(null)
  useEffect(() => {
    const element = canvas.current!
    const context = element.getContext('2d')!
    element.dataset.state = hash === undefined ? 'empty' : 'loading'
    context.clearRect(0, 0, element.width, element.height)
    if (hash === undefined) return undefined
    const lease = pictures.acquire(hash)
    let live = true
    lease.picture.then(
      picture => {
        if (!live) return
        const scale = Math.min(element.width / picture.width, element.height / picture.height)
        const size = { width: picture.width * scale, height: picture.height * scale }
        const corner = { x: (element.width - size.width) / 2, y: (element.height - size.height) / 2 }
        picture.paint(context, { ...corner, ...size }, scale < 4)
        element.dataset.state = 'ready'
        // What is drawn stays on the canvas.
        lease.release()
      },
      () => {
        if (live) element.dataset.state = 'failed'
      },
    )
    return () => {
      live = false
      lease.release()
    }
  }, [hash, pictures, width, height])
  const ratio = globalThis.devicePixelRatio
  return (
    <canvas
      ref={canvas}
      class="m-thumbnail"
      {...(label === '' ? { 'aria-hidden': true } : { role: 'img', 'aria-label': label })}
      width={Math.round(width * ratio)}
      height={Math.round(height * ratio)}
      style={{ width: `${width}px`, height: `${height}px` }}
    />
  )
}
