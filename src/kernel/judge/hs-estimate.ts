import type { CalibrationFigures } from '../stats/calibration/figures.ts'
import type { CalibrationModel } from '../stats/calibration/model.ts'

/**
 * The HS estimate that comes with Mirage (`judge: estimate`), as the study notebooks/hs-estimate.mirage.md gives it. What
 * was tried, how this was chosen and where it fails: docs/hs-estimate.md.
 */
export const HS_ESTIMATE: {
  /** Raised whenever an estimate would be another. */
  version: string
  model: CalibrationModel
  /** Of estimates for images that the fit did not see. */
  figures: CalibrationFigures[]
  source: string
} = {
  version: '1',
  model: {
    of: 'hs',
    columns: ['invented-detail'],
    centres: [0.32748233717519626],
    spreads: [0.20275859130356244],
    weights: [-1.0693911248778238],
    intercept: 3.1709401709401708,
    curve: { form: 'linear' },
    range: [1, 5],
  },
  figures: [
    {
      view: 'pooled: all methods',
      rows: 156,
      images: 40,
      srcc: 0.816,
      srccLow: 0.6681,
      srccHigh: 0.8909,
      plcc: 0.8711,
      mae: 0.4431,
      rmse: 0.5995,
    },
    {
      view: 'pooled: generative',
      rows: 120,
      images: 40,
      srcc: 0.6105,
      srccLow: 0.4018,
      srccHigh: 0.7527,
      plcc: 0.5879,
      mae: 0.5203,
      rmse: 0.6734,
    },
    {
      view: 'within-image: all methods',
      rows: 156,
      images: 40,
      srcc: 0.8981,
      srccLow: 0.777,
      srccHigh: 0.9436,
      plcc: 0.9281,
      mae: null,
      rmse: null,
    },
    {
      view: 'within-image: generative',
      rows: 120,
      images: 40,
      srcc: 0.3694,
      srccLow: 0.092,
      srccHigh: 0.5685,
      plcc: 0.4238,
      mae: null,
      rmse: null,
    },
  ],
  source:
    '156 judgements of 40 RealSR photographs by a multimodal LLM (Claude, November 2026), rubric of the prompt `hs`; docs/hs-estimate.md',
}
