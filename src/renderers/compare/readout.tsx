import type { Pictures } from '../shared/pictures/pictures.ts'
import { useSlots } from '../shared/pictures/use-slots.ts'
import { useStore } from '../shared/ui/store.ts'
import type { Comparison } from './model/comparison.ts'
import { sampleAt } from './pixels/sample.ts'

/** Position and exact 8-bit values under the pointer, of every image. Never announced: it follows each move. */
export function Readout({ comparison, pictures }: { comparison: Comparison; pictures: Pictures }) {
  const probe = useStore(comparison.attention, attention => attention.probe)
  useStore(comparison.state, state => state.triplet)
  const images = comparison.images()
  const frame = comparison.frame()
  const slots = useSlots(
    pictures,
    images.map(image => image.image.hash),
  )
  if (!probe) {
    return (
      <div class="compare-readout m-muted">
        {frame.width} × {frame.height} px
        {comparison.triplet().scale ? `, scale ${comparison.triplet().scale}` : ''}
      </div>
    )
  }
  return (
    <div class="compare-readout m-number">
      <span class="compare-position">
        x {probe.x} y {probe.y}
      </span>
      {images.map(image => {
        const picture = slots.get(image.image.hash)
        const sample = picture && sampleAt(picture, frame, probe)
        return (
          <span key={image.key} data-sample={image.key}>
            <span class="m-muted">{image.label}</span> {sample ? sample.join(' ') : '–'}
          </span>
        )
      })}
    </div>
  )
}
