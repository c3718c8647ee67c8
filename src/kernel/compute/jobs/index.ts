import { degrade } from './degrade.ts'
import { infer } from './infer.ts'
import { inferCommand } from './infer-command.ts'
import { ingest } from './ingest.ts'
import { judgeImages } from './judge-images.ts'
import { measure } from './measure.ts'
import { measureMemory } from './measure-memory.ts'
import { measureScale } from './measure-scale.ts'
import { picture } from './picture.ts'
import { placement } from './placement.ts'
import { probe } from './probe.ts'
import { train } from './train.ts'

/** Jobs by name; one row per job. Only a compute process imports this as a value. */
export const JOBS = {
  degrade,
  infer,
  'infer-command': inferCommand,
  ingest,
  'judge-images': judgeImages,
  measure,
  'measure-memory': measureMemory,
  'measure-scale': measureScale,
  picture,
  placement,
  probe,
  train,
} as const
