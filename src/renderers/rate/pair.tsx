import { useLayoutEffect, useRef } from 'preact/hooks'
import type { ImageRef, RatePair } from '../../kernel/protocol/mime.ts'
import type { Picture } from '../shared/pictures/picture.ts'
import type { Slots } from '../shared/pictures/slots.ts'

/** What a pair shows, in its order. */
export function imagesOf(pair: RatePair): { label: string; image: ImageRef }[] {
  return [...pair.references, { label: 'Result', image: pair.result }]
}

/** Why a pair cannot be shown whole. */
export function failureOf(pair: RatePair, slots: Slots): string | undefined {
  if (!fits(pair.result)) return 'Result: The image is too large to be drawn.'
  for (const { label, image } of imagesOf(pair)) {
    const failure = slots.failure(image.hash)
    if (failure !== undefined) return `${label}: ${failure}`
  }
  return undefined
}

/** Whether any browser can draw a canvas of this size. */
function fits({ width, height }: ImageRef): boolean {
  return width * height <= 2 ** 28 && Math.max(width, height) <= 32_767
}

/** The original beside the result, at the size of the result; at actual pixels the views scroll together. */
export function Pair(props: { pair: RatePair; slots: Slots; large: boolean }) {
  const { pair, slots, large } = props
  const root = useRef<HTMLDivElement>(null)
  const size = fits(pair.result) ? pair.result : { width: 1, height: 1 }
  const follow = (event: Event) => {
    const { scrollLeft, scrollTop } = event.currentTarget as HTMLElement
    for (const view of root.current!.querySelectorAll<HTMLElement>('.rate-view'))
      view.scrollTo({ left: scrollLeft, top: scrollTop, behavior: 'instant' })
  }
  const images = imagesOf(pair)
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
            <Still
              label={label}
              width={size.width}
              height={size.height}
              picture={slots.get(image.hash)}
              failed={slots.failure(image.hash) !== undefined}
            />
          </div>
        </figure>
      ))}
    </div>
  )
}

/** A whole picture on a canvas of `width` x `height` pixels. */
function Still(props: {
  label: string
  width: number
  height: number
  picture: Picture | undefined
  failed: boolean
}) {
  const { label, width, height, picture, failed } = props
  const canvas = useRef<HTMLCanvasElement>(null)
  // Before the pair counts as seen, which is in the same rendering.
  useLayoutEffect(() => {
    picture?.paint(canvas.current!.getContext('2d')!, { x: 0, y: 0, width, height }, true)
  }, [picture, width, height])
  return (
    <canvas
      ref={canvas}
      role="img"
      aria-label={label}
      data-state={failed ? 'failed' : picture ? 'ready' : 'loading'}
      width={width}
      height={height}
    />
  )
}
