import type { RatePayload } from '../../kernel/protocol/mime.ts'
import { defineRenderer } from '../shared/activate.tsx'
import { Rate, type RateState } from './app.tsx'
import css from './rate.css' with { type: 'text' }

export const activate = defineRenderer<RatePayload, RateState>({
  name: 'rate',
  css,
  parse(json) {
    const payload = json as RatePayload
    if (!Array.isArray(payload?.pairs) || !Array.isArray(payload.labels))
      throw new Error('it holds no pairs.')
    return payload
  },
  identify: ({ session }) => session,
  reserve: ({ pairs }, width) => (pairs.length === 0 ? 40 : 120 + width / 2),
  view: Rate,
})
