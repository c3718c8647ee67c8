import { degrade } from './degrade.ts'
import { ingest } from './ingest.ts'
import { judgeImages } from './judge-images.ts'
import { measure } from './measure.ts'
import { probe } from './probe.ts'

/** Jobs by name; one row per job. Only a compute process imports this as a value. */
export const JOBS = { degrade, ingest, 'judge-images': judgeImages, measure, probe } as const
