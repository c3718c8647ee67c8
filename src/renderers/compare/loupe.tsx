import { useEffect, useRef } from 'preact/hooks'
import type { Picture } from '../shared/pictures/picture.ts'
import type { Pictures } from '../shared/pictures/pictures.ts'
import { useSlots } from '../shared/pictures/use-slots.ts'
import { useStore } from '../shared/ui/store.ts'
import type { Comparison } from './model/comparison.ts'
import type { Point, Size } from './model/view.ts'
import { sampleAt } from './pixels/sample.ts'

/** Frame pixels to each side of the one looked at, and CSS px that each takes. */
const REACH = 7
const MAGNIFICATION = 7
const SIDE = (2 * REACH + 1) * MAGNIFICATION

/** The same few pixels of all images, magnified, with exact 8-bit values and what they differ from the truth by. */
export function Loupe({ comparison, pictures }: { comparison: Comparison; pictures: Pictures }) {
  const probe = useStore(comparison.attention, attention => attention.probe)
  const triplet = useStore(comparison.state, state => state.triplet)
  const images = comparison.images()
  const frame = comparison.frame()
  const slots = useSlots(
    pictures,
    images.map(image => image.image.hash),
  )
  const truth = images.find(image => image.role === 'gt')
  const at = probe ?? { x: Math.floor(frame.width / 2), y: Math.floor(frame.height / 2) }
  const expected = truth && sample(slots.get(truth.image.hash), frame, at)
  return (
    <section class="compare-loupe" aria-label={`Loupe at x ${at.x}, y ${at.y}`} key={triplet}>
      {images.map(image => {
        const picture = slots.get(image.image.hash)
        const value = sample(picture, frame, at)
        const compared = image !== truth && value && expected
        return (
          <figure key={image.key} data-loupe={image.key}>
            <Patch picture={picture} frame={frame} at={at} label={image.label} />
            <figcaption>
              <span class="compare-label" title={image.label}>
                {image.label}
              </span>
              <span class="m-number">{value ? value.join(' ') : '–'}</span>
              <span class="m-number m-muted">
                {compared ? `Δ ${value.map((level, i) => signed(level - expected[i])).join(' ')}` : ' '}
              </span>
            </figcaption>
          </figure>
        )
      })}
    </section>
  )
}

function sample(picture: Picture | undefined, frame: Size, at: Point) {
  return picture && sampleAt(picture, frame, at)
}

function signed(level: number): string {
  return level > 0 ? `+${level}` : level < 0 ? `−${-level}` : '0'
}

function Patch(props: { picture: Picture | undefined; frame: Size; at: Point; label: string }) {
  const { picture, frame, at, label } = props
  const canvas = useRef<HTMLCanvasElement>(null)
  const ratio = globalThis.devicePixelRatio
  useEffect(() => {
    const context = canvas.current!.getContext('2d')!
    const unit = canvas.current!.width / (2 * REACH + 1)
    context.clearRect(0, 0, canvas.current!.width, canvas.current!.height)
    const place = {
      x: (REACH - at.x) * unit,
      y: (REACH - at.y) * unit,
      width: frame.width * unit,
      height: frame.height * unit,
    }
    picture?.paint(context, place, false)
    // Black in white: seen on any colour, and no colour of the theme's could be.
    for (const [inset, colour] of [
      [-1, 'white'],
      [0, 'black'],
    ] as const) {
      context.strokeStyle = colour
      context.strokeRect(REACH * unit + inset, REACH * unit + inset, unit - 2 * inset, unit - 2 * inset)
    }
  }, [picture, frame, at.x, at.y])
  return (
    <canvas
      ref={canvas}
      role="img"
      aria-label={`${label}, magnified`}
      width={Math.round(SIDE * ratio)}
      height={Math.round(SIDE * ratio)}
      style={{ width: `${SIDE}px`, height: `${SIDE}px` }}
    />
  )
}
