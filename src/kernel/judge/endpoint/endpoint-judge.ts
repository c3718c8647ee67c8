import { mapConcurrently } from '../../concurrent.ts'
import { createRng } from '../../stats/resampling/rng.ts'
import type { StepEvent } from '../../step.ts'
import { createAnswerStore } from '../answers/answer-store.ts'
import { Asker, fromStore, type Known, type Outcome } from '../calls/ask.ts'
import { createClient } from '../calls/client.ts'
import { type Endpoint, HOW_TO_CONFIGURE, resolveEndpoint } from '../calls/endpoint.ts'
import { FAULTS, type Fault, judgeError } from '../calls/faults.ts'
import { Channel } from '../channel.ts'
import { costOf, type Price, priceOf } from '../costs/prices.ts'
import { estimateTokens } from '../costs/tokens.ts'
import type { Judged, Judgement } from '../judgement.ts'
import type { Assignment, JudgeKind, ReadyJudge } from '../judges.ts'
import { prepareImages } from '../prepare.ts'
import { type EndpointJudgeSettings, endpointSettings } from '../settings.ts'
import { type Inquiry, inquire, type Look, planLooks, samplingFrom } from './inquiry.ts'
import { spentOn, verdictsOf } from './verdicts.ts'

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
    const endpoint = resolveEndpoint(settings, context.env)
    const { looks, unasked } = planLooks(table, prompt, repeats)
    const prepared = yield* prepareImages(
      looks.flatMap(look => look.images.map(image => image.request)),
      context,
    )
    const inquiries = looks.map(look => inquire(look, prepared, { table, prompt, endpoint, settings }))
    const answers = createAnswerStore(context.store)
    const groups = await mapConcurrently(
      [...Map.groupBy(inquiries, ({ question }) => question.key).values()],
      READS_AT_ONCE,
      async (same): Promise<Group> => ({
        ...same[0],
        looks: same.map(({ look }) => look),
        known: await fromStore(same[0].question, answers),
      }),
      context.signal,
    )
    const job: EndpointJob = { settings, assignment, endpoint, groups, unasked }
    return { name: settings.model, bill: billOf(job), run: () => run(job) } satisfies ReadyJudge
  },
}

interface EndpointJob {
  settings: EndpointJudgeSettings
  assignment: Assignment
  endpoint: Endpoint
  /** Equal questions (two rows with the same pixels) are one group. */
  groups: Group[]
  unasked: Map<number, string>
}

interface Group extends Inquiry {
  looks: Look[]
  /** What the store says. */
  known: Known
}

const priceFor = ({ settings, endpoint }: EndpointJob): Price | undefined =>
  priceOf(settings.model, { given: settings.price, ...endpoint })

/** Why open questions stay open, if they do. */
function silence({ endpoint, assignment }: EndpointJob): string | undefined {
  if (assignment.context.offline) return 'the run is offline'
  return endpoint.unconfigured
}

function billOf(job: EndpointJob): ReadyJudge['bill'] {
  const open = job.groups.filter(({ known }) => known.kind === 'open')
  if (open.length === 0 || silence(job) !== undefined) return undefined
  const images = new Set(open.flatMap(({ content }) => content.images.map(({ prepared }) => prepared.hash)))
  const estimates = open.flatMap(inquiry => estimateOf(inquiry, job) ?? [])
  const cost =
    estimates.length === open.length ? estimates.reduce((sum, estimate) => sum + estimate, 0) : undefined
  return { host: job.endpoint.host, calls: open.length, images: images.size, cost }
}

function estimateOf({ content }: Inquiry, job: EndpointJob): number | undefined {
  const price = priceFor(job)
  if (!price) return undefined
  const { model, detail } = samplingFrom(job.settings, job.assignment.prompt)
  return costOf(estimateTokens(content, model, detail), price)
}

async function* run(job: EndpointJob): AsyncGenerator<StepEvent, Judged> {
  const { settings, assignment, endpoint, groups, unasked } = job
  const rows: Judgement[][] = assignment.table.rows.map(() => [])
  for (const [row, reason] of unasked) rows[row].push({ kind: 'none', repeat: 0, reason })
  const faults: Fault[] = []
  let [done, scored, open] = [0, 0, 0]
  for await (const asked of askAll(job)) {
    const { group, outcome } = asked
    if (outcome.kind === 'answered') scored++
    else if (outcome.fault) faults.push(outcome.fault)
    if (asked.open) open++
    for (const [i, look] of group.looks.entries()) {
      // The answer was paid for once, whoever shares it.
      const shared = i === 0 ? outcome : { ...outcome, answers: [] }
      for (const { row, judgement } of verdictsOf(look, shared)) rows[row].push(judgement)
    }
    yield {
      type: 'progress',
      done: ++done,
      total: groups.length,
      label: `asking ${settings.model}`,
      unit: 'answers',
    }
  }
  for (const judgements of rows) judgements.sort((a, b) => a.repeat - b.repeat)

  if (scored === 0 && faults.length > 0) throw judgeError(worst(faults), tally(faults))
  if (open > 0) yield { type: 'note', text: openNote(job, open) }
  return {
    name: settings.model,
    rows,
    origin: `${settings.model} at ${endpoint.host}`,
    complete: open === 0 && faults.length === 0,
    settings: { endpoint: endpoint.baseURL, api: settings.api, ...samplingFrom(settings, assignment.prompt) },
  }
}

interface Asked {
  group: Group
  outcome: Outcome
  /** It was not asked, and another run may ask it. */
  open: boolean
}

/** What came of all questions, as it comes: stored answers first, then those that have to be asked. */
async function* askAll(job: EndpointJob): AsyncGenerator<Asked> {
  const { budget, concurrency, context } = job.assignment
  for (const { known } of job.groups) {
    // What was paid before counts, so that a second run with the same budget does not go on paying.
    budget.settle(0, spentOn(known.answers).cost ?? 0)
  }
  const open: Group[] = []
  for (const group of job.groups) {
    if (group.known.kind === 'open') open.push(group)
    else yield { group, outcome: { ...group.known, calls: 0 }, open: false }
  }
  const unasked = (group: Group, why: string): Asked => ({
    group,
    outcome: { kind: 'failed', reason: `not asked: ${why}`, answers: group.known.answers, calls: 0 },
    open: true,
  })
  const silent = silence(job)
  if (silent !== undefined) {
    for (const group of open) yield unasked(group, silent)
    return
  }

  const stop = new AbortController()
  const signal = AbortSignal.any([context.signal, stop.signal])
  const asker = createAsker(job, signal)
  const channel = new Channel<Asked>()
  const ask = async (group: Group) => {
    const estimate = estimateOf(group, job) ?? 0
    if (!budget.reserve(estimate))
      return channel.push(unasked(group, `the budget of $${budget.limit} is spent`))
    const before = spentOn(group.known.answers).cost ?? 0
    const outcome = await asker.ask(group.question)
    budget.settle(estimate, (spentOn(outcome.answers).cost ?? 0) - before)
    channel.push({ group, outcome, open: false })
  }
  // The limiter holds calls back; this only bounds what waits for it.
  mapConcurrently(open, concurrency * 2, ask, signal).then(
    () => channel.end(),
    error => channel.fail(error),
  )
  try {
    yield* channel
  } finally {
    stop.abort()
  }
}

function createAsker({ settings, assignment, endpoint }: EndpointJob, signal: AbortSignal): Asker {
  const { context, concurrency, rpm } = assignment
  const { store, seed } = context
  const random = createRng(seed)
  return new Asker({
    client: createClient(endpoint),
    answers: createAnswerStore(store),
    imageUrl: async hash =>
      `data:image/${assignment.prompt.header.format};base64,${Buffer.from(await store.getObject(hash)).toString('base64')}`,
    limits: { concurrency, rpm },
    retry: settings.retry,
    timeout: settings.timeout,
    structure: settings.structure,
    price: priceOf(settings.model, { given: settings.price, ...endpoint }),
    signal,
    random: () => random.uniform(),
  })
}

/** Of several faults the one that explains most: what stopped everything, otherwise the first. */
const worst = (faults: Fault[]): Fault =>
  faults.find(fault => FAULTS[fault.kind].everyone && !fault.message.startsWith('not asked')) ?? faults[0]

const tally = (faults: Fault[]): string =>
  faults.length > 1 ? ` None of ${faults.length} questions was answered.` : ''

function openNote(job: EndpointJob, open: number): string {
  const { endpoint, settings, assignment } = job
  const many = open === 1 ? '1 question' : `${open} questions`
  if (assignment.context.offline)
    return `${many} to ${settings.model} stayed open, because the run is offline. Run it online to ask them.`
  if (endpoint.unconfigured)
    return `${many} to ${settings.model} stayed open: ${endpoint.unconfigured}. ${HOW_TO_CONFIGURE}`
  return `${many} to ${settings.model} stayed open, because the budget of $${assignment.budget.limit} is spent ($${assignment.budget.spent.toFixed(4)}). Raise \`budget\` and run the cell again: nothing that was answered is asked again.`
}
