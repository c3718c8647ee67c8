import { mapConcurrently } from '../../concurrent.ts'
import type { StepEvent } from '../../step.ts'
import { createAnswerStore, hasAnswers } from '../answers/answer-store.ts'
import { readReplay } from '../answers/replay.ts'
import { fromStore } from '../calls/ask.ts'
import { resolveEndpoint } from '../calls/endpoint.ts'
import { FAULTS, type Fault, judgeError } from '../calls/faults.ts'
import type { JudgeKind, ReadyJudge } from '../judge-kind.ts'
import type { Judged, Judgement } from '../judgement.ts'
import { prepareImages } from '../prepare.ts'
import { QuestionKeys } from '../questions/question-keys.ts'
import { type EndpointJudgeSettings, endpointSettings } from '../settings.ts'
import { askAll } from './ask-all.ts'
import { type Inquiry, inquire, type Look, pictured, planLooks, samplingFrom } from './inquiry.ts'
import { billOf, type EndpointJob, meanOutput, openNote, type Tell } from './job.ts'
import { LookMemo, type Recalled, recollected } from './look-memo.ts'
import { previewOf } from './preview.ts'
import { imageKeysOf, type Settled, settle, usesOf } from './settled.ts'
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
    const source = replay ?? createAnswerStore(context.store)
    const memo = new LookMemo({ memo: context.compute.memo, table, prompt, endpoint, settings })
    const job: EndpointJob = {
      settings,
      assignment,
      endpoint,
      groups: [],
      recalled: [],
      memo,
      unasked,
      source,
      replay,
    }
    if (await isIdle(job)) {
      // Nothing can be known or asked, so the images need not be prepared either.
      for (const { row } of looks) unasked.set(row, `not asked: ${endpoint.unconfigured}`)
      return ready(job, looks.length)
    }
    yield* gather(looks, job)
    job.meanOutput = meanOutput(job)
    return ready(job, 0)
  },
}

async function isIdle({ endpoint, assignment, replay }: EndpointJob): Promise<boolean> {
  const { context, preview } = assignment
  if (endpoint.unconfigured === undefined || replay || preview || context.stepping) return false
  return !(await hasAnswers(context.store))
}

/** Finds out what is known about the looks, and brings those of one question together. */
async function* gather(looks: readonly Look[], job: EndpointJob): AsyncGenerator<StepEvent, void> {
  const { settings, assignment, endpoint, source, replay, memo } = job
  const { context, table, prompt } = assignment
  const recalled = new Map<string, Recalled>()
  const rest: Look[] = []
  for (const look of looks) {
    const known = memo.recall(look)
    const same = known && recalled.get(known.key)
    if (same) addLook(same, look, known.images)
    else if (known) recalled.set(known.key, recollected(known, look))
    else rest.push(look)
  }
  const planned = rest.map(look => pictured(look, table, prompt))
  const prepared = yield* prepareImages(
    planned.flatMap(({ images }) => images),
    context,
    replay,
  )
  const inquest = { table, prompt, endpoint, settings, prepared, keys: new QuestionKeys() }
  const inquiries = planned.map(look => inquire(look, inquest))
  const unknown: Inquiry[] = []
  for (const inquiry of inquiries) {
    const same = recalled.get(inquiry.question.key)
    if (same) addLook(same, inquiry.look, imageKeysOf(inquiry.look))
    else unknown.push(inquiry)
  }
  job.recalled = [...recalled.values()]
  job.groups = await mapConcurrently(
    [...Map.groupBy(unknown, ({ question }) => question.key).values()],
    READS_AT_ONCE,
    async same => ({
      ...same[0],
      looks: same.map(({ look }) => look),
      known: await fromStore(same[0].question, source),
    }),
    context.signal,
  )
}

/** Adds a look to those of a question, in the order of a run of all rows, in which the first one pays. */
function addLook(settled: Recalled, look: Look, images: readonly string[]): void {
  settled.looks.push(look)
  settled.looks.sort((a, b) => a.nth - b.nth)
  settled.images = [...new Set([...settled.images, ...images])]
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
  const all: Settled[] = [...job.recalled]
  const tell: Tell = asked => {
    const settled = settle(asked)
    job.memo.keep(settled)
    all.push(settled)
  }
  yield* assignment.context.stepping ? walkAll(job, tell) : askAll(job, tell)
  // In the order of the table, whichever answer came first and wherever it came from.
  for (const settled of all.toSorted((a, b) => a.looks[0].nth - b.looks[0].nth)) {
    for (const { row, judgement } of verdictsOf(settled)) rows[row].push(judgement)
  }
  for (const judgements of rows) judgements.sort((a, b) => a.repeat - b.repeat)

  const faults = all.flatMap(({ outcome }) => (outcome.kind === 'failed' ? (outcome.fault ?? []) : []))
  const scored = all.some(({ outcome }) => outcome.kind === 'answered')
  if (!scored && faults.length > 0) throw judgeError(worst(faults), tally(faults))
  const open = idle + all.filter(settled => settled.open).length
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
    calls: all.reduce((sum, { calls }) => sum + calls, 0),
  }
}

/** Of several faults the one that explains most: what stopped everything, otherwise the first. */
const worst = (faults: Fault[]): Fault =>
  faults.find(fault => FAULTS[fault.kind].everyone && !fault.message.startsWith('not asked')) ?? faults[0]

const tally = (faults: Fault[]): string =>
  faults.length > 1 ? ` None of ${faults.length} questions was answered.` : ''

/** What a reader of the scores should know about how the answers were read. */
function remarks(all: readonly Settled[], { model }: EndpointJudgeSettings): string[] {
  const answered = all.flatMap(({ outcome }) => (outcome.kind === 'answered' ? outcome.read : []))
  const said = new Map<string, number>()
  const add = (what: string) => said.set(what, (said.get(what) ?? 0) + 1)
  for (const { how, reading } of answered) {
    if (how === 'prose') add('had no JSON; the score was taken from "score: ..." in the text')
    if (how === 'repaired') add('had broken JSON, which was mended')
    if (how === 'truncated') add('were cut off after the score; their evidence may be incomplete')
    for (const remark of reading.remarks) add(`had ${remark}`)
  }
  const edited = all.filter(({ edited }) => edited).length
  const notes = [...said].map(
    ([what, count]) => `${count} of ${answered.length} answers of ${model} ${what}.`,
  )
  if (edited > 0)
    notes.push(
      `${edited} ${edited === 1 ? 'score was' : 'scores were'} edited while stepping; the result is not kept.`,
    )
  return notes
}
