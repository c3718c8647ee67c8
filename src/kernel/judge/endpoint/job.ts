import { counted } from '../../counted.ts'
import type { AnswerSource } from '../answers/answer-store.ts'
import type { ReplayBundle } from '../answers/replay.ts'
import type { Known, Outcome } from '../calls/ask.ts'
import { type Endpoint, HOW_TO_CONFIGURE } from '../calls/endpoint.ts'
import { BATCH_FACTOR, costOf, type Price, priceOf } from '../costs/prices.ts'
import { estimateTokens } from '../costs/tokens.ts'
import type { Assignment, Bill } from '../judge-kind.ts'
import type { EndpointJudgeSettings } from '../settings.ts'
import { type Inquiry, type PlannedLook, samplingFrom } from './inquiry.ts'
import type { LookMemo } from './look-memo.ts'
import type { Settled, SpentAnswer } from './settled.ts'

/** Everything that one judge of a cell has to find out. */
export interface EndpointJob {
  settings: EndpointJudgeSettings
  assignment: Assignment
  endpoint: Endpoint
  /** Equal questions (two rows with the same pixels) are one group. */
  groups: Group[]
  /** What shards have found out, about questions that are in no group. */
  recalled: readonly Settled[]
  memo: LookMemo
  /** Rows that cannot be looked at, and why. */
  unasked: Map<number, string>
  /** Where answers are looked up: the store, or the replay bundle alone. */
  source: AnswerSource
  replay?: ReplayBundle
  /** Mean length of the answers that were known at the start, in tokens; undefined when there were none. */
  meanOutput?: number
}

export interface Group extends Inquiry {
  looks: PlannedLook[]
  /** What the source says. */
  known: Known
}

/** What came of a group. */
export interface Asked {
  group: Group
  outcome: Outcome
  /** It was not asked, and another run may ask it. */
  open: boolean
  /** A person changed something on the way. */
  edited?: true
}

export type Tell = (asked: Asked) => void

export const priceFor = ({ settings, endpoint }: EndpointJob): Price | undefined =>
  priceOf(settings.model, { given: settings.price, ...endpoint })

/** What part of the list price is paid. */
export const costFactor = ({ settings }: EndpointJob): number => (settings.batch ? BATCH_FACTOR : 1)

/** Why open questions stay open, if they do. */
export function silence({ endpoint, assignment, replay }: EndpointJob): string | undefined {
  if (replay) return undefined
  if (assignment.context.offline) return 'this run may not use the network'
  return endpoint.unconfigured
}

export function billOf(job: EndpointJob): Bill | undefined {
  const open = job.groups.filter(({ known }) => known.kind === 'open')
  if (open.length === 0 || job.replay || silence(job) !== undefined) return undefined
  const images = new Set(open.flatMap(({ content }) => content.images.map(({ prepared }) => prepared.hash)))
  const estimates = open.flatMap(inquiry => estimateOf(inquiry, job) ?? [])
  const known = estimates.length === open.length
  const cost = known ? estimates.reduce((sum, estimate) => sum + estimate, 0) : undefined
  return { host: job.endpoint.host, calls: open.length, images: images.size, cost }
}

/** Estimated US dollars of one answer; undefined where the price is not known. */
export function estimateOf({ content }: Inquiry, job: EndpointJob): number | undefined {
  const price = priceFor(job)
  if (!price) return undefined
  const { model, detail } = samplingFrom(job.settings, job.assignment.prompt)
  return costOf(estimateTokens(content, model, detail, job.meanOutput), price, costFactor(job))
}

/** What is known of each question before anything is asked. */
const knownOf = ({ recalled, groups }: EndpointJob): { answers: readonly SpentAnswer[] }[] => [
  ...recalled,
  ...groups.map(({ known }) => known),
]

/** What was paid before counts, so that a second run with the same budget does not go on paying. */
export function settlePaid(job: EndpointJob): void {
  for (const { answers } of knownOf(job)) job.assignment.budget.settle(0, spentOn(answers).cost ?? 0)
}

/** Mean length of the known answers, in tokens. */
export function meanOutput(job: EndpointJob): number | undefined {
  let [tokens, count] = [0, 0]
  for (const { answers } of knownOf(job)) {
    for (const { usage } of answers) {
      if (!usage) continue
      tokens += usage.output
      count++
    }
  }
  return count > 0 ? tokens / count : undefined
}

export const unasked = (group: Group, why: string): Asked => ({
  group,
  outcome: { kind: 'failed', reason: `not asked: ${why}`, answers: group.known.answers, calls: 0 },
  open: true,
})

/** Tokens and dollars of all answers to a question, also of those that could not be used. */
export function spentOn(answers: readonly SpentAnswer[]): {
  tokens?: { input: number; output: number }
  cost?: number
} {
  const counted = answers.flatMap(({ usage }) => usage ?? [])
  const costs = answers.flatMap(({ cost }) => cost ?? [])
  const sum = (values: number[]) => values.reduce((total, value) => total + value, 0)
  return {
    ...(counted.length > 0 && {
      tokens: {
        input: sum(counted.map(({ input }) => input)),
        output: sum(counted.map(({ output }) => output)),
      },
    }),
    ...(costs.length > 0 && { cost: sum(costs) }),
  }
}

export function openNote(job: EndpointJob, open: number): string {
  const { endpoint, settings, assignment } = job
  const many = `${counted(open, 'question')} to ${settings.model} stayed open`
  if (assignment.context.offline)
    return `${many}, because this run may not use the network (--offline, or the setting mirage.network.allowed).`
  if (endpoint.unconfigured) return `${many}: ${endpoint.unconfigured}. ${HOW_TO_CONFIGURE}`
  const { text, spent } = assignment.budget
  return `${many}, because ${text} is spent ($${spent.toFixed(4)}). Raise \`budget\` and run the cell again: nothing that was answered is asked again.`
}
