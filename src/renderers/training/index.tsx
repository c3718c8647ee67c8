import type { TrainingPayload } from '../../kernel/protocol/mime.ts'
import compare from '../compare/compare.css' with { type: 'text' }
import { defineRenderer } from '../shared/activate.tsx'
import { Training, type TrainingState } from './app.tsx'
import css from './training.css' with { type: 'text' }

export const activate = defineRenderer<TrainingPayload, TrainingState>({
  name: 'training',
  css: css + compare,
  parse(json) {
    const payload = json as TrainingPayload
    if (!Array.isArray(payload?.points) || !Array.isArray(payload.series))
      throw new Error('it holds no curves.')
    return { ...payload, samples: payload.samples ?? [], totalSteps: payload.totalSteps ?? 0 }
  },
  identify: ({ run }) => run,
  reserve: ({ series, samples }, width) => {
    const across = Math.max(1, Math.floor(width / 270))
    return 40 + Math.ceil(series.length / across) * 200 + (samples.length > 0 ? 190 : 0)
  },
  view: Training,
})
