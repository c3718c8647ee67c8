import type { GalleryPayload } from '../../kernel/protocol/mime.ts'
import compare from '../compare/compare.css' with { type: 'text' }
import { defineRenderer } from '../shared/activate.tsx'
import { Gallery } from './app.tsx'
import css from './gallery.css' with { type: 'text' }
import { TALLEST } from './grid-view.tsx'
import { fillRows, type ShownGallery } from './rows.ts'
import type { GalleryState } from './state.ts'

export const activate = defineRenderer<ShownGallery, GalleryState>({
  name: 'gallery',
  css: css + compare,
  parse(json) {
    const payload = json as GalleryPayload
    if (!Array.isArray(payload?.rows)) throw new Error('it holds no rows.')
    return fillRows({ columns: payload.columns ?? [], rows: payload.rows, triplets: payload.triplets ?? [] })
  },
  identify: ({ rows }) => `${rows.length} ${rows.slice(0, 50).map(({ id, method }) => `${id} ${method}`)}`,
  reserve: ({ rows }) => (rows.length === 0 ? 60 : 34 + TALLEST),
  view: Gallery,
})
