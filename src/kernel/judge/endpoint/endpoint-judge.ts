import { mapConcurrently } from '../../concurrent.ts'
import type { StepEvent } from '../../step.ts'
import { createAnswerStore, hasAnswers, recordName, remember, remembered } from '../answers/answer-store.ts'
import { readReplay } from '../answers/replay.ts'
import { fromStore } from '../calls/ask.ts'
import { resolveEndpoint } from '../calls/endpoint.ts'
import { FAULTS, type Fault, judgeError } from '../calls/faults.ts'
import type { JudgeKind, ReadyJudge } from '../judge-kind.ts'
import type { Judged, Judgement, Uses } from '../judgement.ts'
import { prepareImages } from '../prepare.ts'
import { type EndpointJudgeSettings, endpointSettings } from '../settings.ts'
import { askAll } from './ask-all.ts'
import { inquire, type Look, planLooks, samplingFrom } from './inquiry.ts'
import { type Asked, billOf, type EndpointJob, type Group, meanOutput, openNote } from './job.ts'
import { previewOf } from './preview.ts'
import { verdictsOf } from './verdicts.ts'
import { walkAll } from './walk.ts'

/** Stored answers that are read at the same time. */
const READS_AT_ONCE = 64

/** A multimodal model behind an OpenAI-compatible API. */
export const endpointJudge: JudgeKind<typeof endpointSettings> = {
  kind: 'endpoint',
  settings: endpointSettings,
  async fingerprint(settings, { env }) {
    // The environment may name another server than the cell.
    return { endpoints: { [settings.model]: resolveEndpoint(settings, env).baseURL } }
  },
  async *prepare(settings, assignment) {
    const { context, table, prompt, repeats } = assignment
    const { looks, unasked } = planLooks(table, prompt, repeats)
    const endpoint = resolveEndpoint(settings, context.env)
    const replay = context.replay === undefined ? undefined : await readReplay(context.replay)
    const { memo } = context.compute
    const stored = createAnswerStore(context.store)
    const source = replay ?? (memo ? remembered(stored, memo) : stored)
    const job: EndpointJob = { settings, assignment, endpoint, groups: [], unasked, source, replay }
    if (await isIdle(job)) {
      // Nothing can be known or asked, so the images need not be prepared either.
      for (const { row } of looks) unasked.set(row, `not asked: ${endpoint.unconfigured}`)
      return ready(job, looks.length)
    }
    job.groups = yield* groupsOf(looks, job)
    job.meanOutput = meanOutput(job.groups)
    return ready(job, 0)
  },
}

async function isIdle({ endpoint, assignment, replay }: EndpointJob): Promise<boolean> {
  const { context, preview } = assignment
  if (endpoint.unconfigured === undefined || replay || preview || context.stepping) return false
  return !(await hasAnswers(context.store))
}

async function* groupsOf(looks: Look[], job: EndpointJob): AsyncGenerator<StepEvent, Group[]> {
  const { settings, assignment, endpoint, source, replay } = job
  const { context, table, prompt } = assignment
  const planned = looks.flatMap(({ images }) => images)
  const prepared = yield* prepareImages(planned, context, replay)
  const inquiries = looks.map(look => inquire(look, prepared, { table, prompt, endpoint, settings }))
  return mapConcurrently(
    [...Map.groupBy(inquiries, ({ question }) => question.key).values()],
    READS_AT_ONCE,
    async same => ({
      ...same[0],
      looks: same.map(({ look }) => look),
      known: await fromStore(same[0].question, source),
    }),
    context.signal,
  )
}

function ready(job: EndpointJob, idle: number): ReadyJudge {
  const { model, name = model } = job.settings
  return {
    name,
    bill: billOf(job),
    preview: questions => previewOf(job, questions),
    run: () => run(job, idle),
  }
}

/** @param idle questions that were given up before */
async function* run(job: EndpointJob, idle: number): AsyncGenerator<StepEvent, Judged> {
  const { settings, assignment, endpoint } = job
  const rows: Judgement[][] = assignment.table.rows.map(() => [])
  for (const [row, reason] of job.unasked) rows[row].push({ kind: 'none', repeat: 0, reason })
  const all: Asked[] = []
  const tell = (asked: Asked) => {
    all.push(asked)
    for (const { row, judgement } of verdictsOf(asked)) rows[row].push(judgement)
  }
  yield* assignment.context.stepping ? walkAll(job, tell) : askAll(job, tell)
  for (const judgements of rows) judgements.sort((a, b) => a.repeat - b.repeat)

  const faults = all.flatMap(({ outcome }) => (outcome.kind === 'failed' ? (outcome.fault ?? []) : []))
  const scored = all.some(({ outcome }) => outcome.kind === 'answered')
  if (!scored && faults.length > 0) throw judgeError(worst(faults), tally(faults))
  const { memo } = assignment.context.compute
  if (memo) for (const { group, outcome } of all) remember(memo, group.question.key, outcome.answers)
  const open = idle + all.filter(asked => asked.open).length
  if (open > 0) yield { type: 'note', text: openNote(job, open) }
  if (job.replay) {
    yield {
      type: 'note',
      text: `The answers of ${settings.model} come from the replay bundle; no judge was asked.`,
    }
  }
  for (const text of remarks(all, settings)) yield { type: 'note', text }
  return {
    name: settings.name ?? settings.model,
    rows,
    origin: `${settings.model} at ${endpoint.host}`,
    complete: open === 0 && faults.length === 0 && all.every(({ edited }) => !edited),
    settings: { endpoint: endpoint.baseURL, api: settings.api, ...samplingFrom(settings, assignment.prompt) },
    uses: usesOf(all),
    calls: all.reduce((sum, { outcome }) => sum + outcome.calls, 0),
  }
}

/** Of several faults the one that explains most: what stopped everything, otherwise the first. */
const worst = (faults: Fault[]): Fault =>
  faults.find(fault => FAULTS[fault.kind].everyone && !fault.message.startsWith('not asked')) ?? faults[0]

const tally = (faults: Fault[]): string =>
  faults.length > 1 ? ` None of ${faults.length} questions was answered.` : ''

/** What a reader of the scores should know about how the answers were read. */
function remarks(all: Asked[], { model }: EndpointJudgeSettings): string[] {
  const answered = all.flatMap(({ outcome }) => (outcome.kind === 'answered' ? outcome.read : []))
  const said = new Map<string, number>()
  const add = (what: string) => said.set(what, (said.get(what) ?? 0) + 1)
  for (const { how, reading } of answered) {
    if (how === 'prose') add('had no JSON; the score was taken from "score: ..." in the text')
    if (how === 'repaired') add('had broken JSON, which was mended')
    if (how === 'truncated') add('were cut off after the score; their evidence may be incomplete')
    for (const remark of reading.remarks) add(`had ${remark}`)
  }
  const edited = all.filter(asked => asked.edited).length
  const notes = [...said].map(
    ([what, count]) => `${count} of ${answered.length} answers of ${model} ${what}.`,
  )
  if (edited > 0)
    notes.push(
      `${edited} ${edited === 1 ? 'score was' : 'scores were'} edited while stepping; the result is not kept.`,
    )
  return notes
}

/** Names of everything that a replay of these answers needs. */
function usesOf(all: Asked[]): Uses {
  const uses: Uses = { answers: [], images: [], unanswered: {} }
  const images = new Set<string>()
  for (const { group, outcome } of all) {
    const { key } = group.question
    for (const { attempt } of outcome.answers) uses.answers.push(recordName(key, attempt))
    if (outcome.kind === 'failed') uses.unanswered[key] = outcome.reason
    for (const { images: planned } of group.looks) for (const { key } of planned) images.add(key)
  }
  return { ...uses, answers: uses.answers.sort(), images: [...images].sort() }
}
