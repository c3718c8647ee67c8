import type { ComparePayload } from '../../kernel/protocol/mime.ts'
import { defineRenderer } from '../shared/activate.tsx'
import { Compare } from './app.tsx'
import css from './compare.css' with { type: 'text' }
import type { RememberedComparison } from './model/comparison.ts'
import { frameOf } from './model/images.ts'
import { layoutPanes } from './model/layout.ts'

/** Toolbar, options and read-out around the panes, in CSS px. */
const CHROME = 96

export const activate = defineRenderer<ComparePayload, RememberedComparison>({
  name: 'compare',
  css,
  parse(json) {
    const payload = json as ComparePayload
    if (!Array.isArray(payload?.triplets)) throw new Error('it holds no triplets.')
    return {
      columns: payload.columns ?? [],
      triplets: payload.triplets.filter(triplet => triplet.images.length > 0),
    }
  },
  identify: ({ triplets }) =>
    triplets.map(({ id, images }) => `${id} ${images.map(({ label }) => label)}`).join('|'),
  reserve({ triplets }, width) {
    const images = triplets[0]?.images ?? []
    return images.length === 0
      ? 32
      : CHROME + layoutPanes(Math.min(4, images.length), frameOf(images), width).pane.height
  },
  view: props =>
    props.payload.triplets.length === 0 ? (
      <p class="m-message">There are no images to compare.</p>
    ) : (
      <Compare {...props} />
    ),
})
