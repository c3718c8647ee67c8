import type { StepDefinition } from '../step.ts'
import { calibrate } from './calibrate.ts'
import { compare } from './compare.ts'
import { correlate } from './correlate.ts'
import { exportTable } from './export.ts'
import { gallery } from './gallery.ts'
import { infer } from './infer.ts'
import { metrics } from './metrics.ts'
import { rate } from './rate.ts'
import { ratings } from './ratings.ts'
import { score } from './score.ts'
import { sweep } from './sweep.ts'
import { train } from './train.ts'
import { triplets } from './triplets.ts'

/** Every kind of step cell, by its YAML key. Adding one is adding a file and a row. */
export const STEPS: Record<string, StepDefinition> = {
  triplets,
  infer,
  metrics,
  score,
  rate,
  ratings,
  correlate,
  calibrate,
  compare,
  gallery,
  train,
  sweep,
  export: exportTable,
}
