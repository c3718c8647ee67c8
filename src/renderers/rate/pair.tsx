import { useEffect, useRef } from 'preact/hooks'
import type { ImageRef, RatePair } from '../../kernel/protocol/mime.ts'
import type { Pictures } from '../shared/pictures/pictures.ts'

/** The original beside the result, at the size of the result; at actual pixels the views scroll together. */
export function Pair(props: { pair: RatePair; pictures: Pictures; large: boolean }) {
  const { pair, pictures, large } = props
  const root = useRef<HTMLDivElement>(null)
  const { width, height } = pair.result
  const follow = (event: Event) => {
    const { scrollLeft, scrollTop } = event.currentTarget as HTMLElement
    for (const view of root.current!.querySelectorAll<HTMLElement>('.rate-view'))
      view.scrollTo({ left: scrollLeft, top: scrollTop, behavior: 'instant' })
  }
  const images = [...pair.references, { label: 'Result', image: pair.result }]
  return (
    <div class="rate-pair" ref={root} style={{ '--across': images.length }}>
      {images.map(({ label, image }) => (
        <figure key={label}>
          <figcaption>{label}</figcaption>
          <div
            class="rate-view"
            data-large={large}
            // Only what scrolls can be walked to.
            {...(large && { tabIndex: 0, role: 'group', 'aria-label': `${label}, scrolls` })}
            onScroll={follow}
          >
            <Still image={image} label={label} width={width} height={height} pictures={pictures} />
          </div>
        </figure>
      ))}
    </div>
  )
}

/** A whole picture on a canvas of `width` x `height` pixels. */
function Still(props: { image: ImageRef; label: string; width: number; height: number; pictures: Pictures }) {
  const { image, label, width, height, pictures } = props
  const canvas = useRef<HTMLCanvasElement>(null)
  useEffect(() => {
    const element = canvas.current!
    element.dataset.state = 'loading'
    const lease = pictures.acquire(image.hash)
    let live = true
    lease.picture.then(
      picture => {
        if (!live) return
        const context = element.getContext('2d')!
        picture.paint(context, { x: 0, y: 0, width: element.width, height: element.height }, true)
        element.dataset.state = 'ready'
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
  }, [image.hash, pictures])
  // What no browser can draw gets no canvas of its size.
  const fits = width * height <= 2 ** 28 && Math.max(width, height) <= 32_767
  return (
    <canvas ref={canvas} role="img" aria-label={label} width={fits ? width : 1} height={fits ? height : 1} />
  )
}
