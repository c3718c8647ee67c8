import type { ChartPayload } from '../../kernel/protocol/mime.ts'
import compare from '../compare/compare.css' with { type: 'text' }
import { defineRenderer } from '../shared/activate.tsx'
import { ChartView, type RememberedChart } from './app.tsx'
import css from './chart.css' with { type: 'text' }

export const activate = defineRenderer<ChartPayload, RememberedChart>({
  name: 'chart',
  css: css + compare,
  parse(json) {
    const payload = json as ChartPayload
    if (typeof payload?.spec !== 'object' || payload.spec === null)
      throw new Error('it holds no specification.')
    return { ...payload, title: payload.title ?? '', description: payload.description ?? '' }
  },
  identify: ({ title, links }) => `${title} ${links?.map(({ id, method }) => `${id} ${method}`).join('|')}`,
  reserve({ spec }) {
    const height = (spec as { height?: unknown }).height
    return 60 + (typeof height === 'number' ? height : 340)
  },
  view: ChartView,
})
