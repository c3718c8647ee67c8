import { endpointJudge } from './endpoint/endpoint-judge.ts'
import { estimateJudge } from './estimate-judge.ts'
import type { JudgeKind } from './judge-kind.ts'
import { proxyJudge } from './proxy-judge.ts'
import { recordedJudge } from './recorded-judge.ts'

/** Kinds of judges; a cell's settings belong to the first kind whose schema they fit. */
export const JUDGES: readonly JudgeKind[] = [
  endpointJudge,
  recordedJudge,
  proxyJudge,
  estimateJudge,
] as readonly JudgeKind[]

export function judgeKindOf(settings: unknown): JudgeKind {
  return JUDGES.find(judge => judge.settings.safeParse(settings).success)!
}
