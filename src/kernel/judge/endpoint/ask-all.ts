import { Channel } from '../../channel.ts'
import { mapConcurrently } from '../../concurrent.ts'
import { MirageError } from '../../errors.ts'
import { createRng } from '../../stats/resampling/rng.ts'
import type { StepEvent } from '../../step.ts'
import { createAnswerStore } from '../answers/answer-store.ts'
import { Asker } from '../calls/ask.ts'
import { createClient } from '../calls/client.ts'
import { imageUrls } from '../prepare.ts'
import { askByBatch } from './ask-by-batch.ts'
import {
  type Asked,
  type EndpointJob,
  estimateOf,
  type Group,
  priceFor,
  settlePaid,
  silence,
  spentOn,
  type Tell,
  unasked,
} from './job.ts'

/** Finds out what came of every group: known answers first, then those that have to be asked. */
export async function* askAll(job: EndpointJob, tell: Tell): AsyncGenerator<StepEvent, void> {
  const open: Group[] = []
  settlePaid(job)
  for (const group of job.groups) {
    if (group.known.kind === 'open') open.push(group)
    else tell({ group, outcome: { ...group.known, calls: 0 }, open: false })
  }
  const silent = silence(job)
  if (job.replay) for (const group of open) tell(fromBundle(group, job))
  else if (silent !== undefined) for (const group of open) tell(unasked(group, silent))
  else if (open.length > 0) yield* job.settings.batch ? askByBatch(open, job, tell) : askLive(open, job, tell)
}

async function* askLive(open: Group[], job: EndpointJob, tell: Tell): AsyncGenerator<StepEvent, void> {
  const { groups, settings, assignment } = job
  const stop = new AbortController()
  const signal = AbortSignal.any([assignment.context.signal, stop.signal])
  const asker = createAsker(job, signal)
  const channel = new Channel<Asked>()
  // The limiter holds calls back; this only bounds what waits for it.
  const waiting = assignment.concurrency * 2
  mapConcurrently(
    open,
    waiting,
    async group => channel.push(await askWithin(group, job, asker)),
    signal,
  ).then(
    () => channel.end(),
    error => channel.fail(error),
  )
  let done = groups.length - open.length
  try {
    for await (const asked of channel) {
      tell(asked)
      yield {
        type: 'progress',
        done: ++done,
        total: groups.length,
        label: `asking ${settings.model}`,
        unit: 'answers',
      }
    }
  } finally {
    stop.abort()
  }
}

/** Asks, unless the budget does not allow it. */
export async function askWithin(group: Group, job: EndpointJob, asker: Asker): Promise<Asked> {
  const { budget } = job.assignment
  const estimate = estimateOf(group, job) ?? 0
  if (!budget.reserve(estimate)) return unasked(group, `${budget.text} is spent`)
  const before = spentOn(group.known.answers).cost ?? 0
  const outcome = await asker.ask(group.question, group.known.answers)
  budget.settle(estimate, (spentOn(outcome.answers).cost ?? 0) - before)
  return { group, outcome, open: false }
}

export function createAsker(job: EndpointJob, signal: AbortSignal): Asker {
  const { settings, assignment, endpoint } = job
  const { context, concurrency, rpm } = assignment
  const random = createRng(context.seed)
  return new Asker({
    client: createClient(endpoint),
    answers: createAnswerStore(context.store),
    imageUrl: imageUrls(job.groups, context),
    limits: { concurrency, rpm },
    retry: settings.retry,
    timeout: settings.timeout,
    structure: settings.structure,
    price: priceFor(job),
    signal,
    random: () => random.uniform(),
  })
}

/** In a replay a question without an answer is one that had none when the bundle was packed, or a failure. */
export function fromBundle(group: Group, { replay, settings }: EndpointJob): Asked {
  const { key, subject, repeat } = group.question
  const reason = replay?.unanswered(key)
  if (reason !== undefined) {
    return { group, outcome: { kind: 'failed', reason, answers: group.known.answers, calls: 0 }, open: false }
  }
  throw new MirageError({
    code: 'replay-missing',
    message: `The replay bundle has no answer of ${settings.model} about ${subject.id}${subject.method ? ` (${subject.method})` : ''}, repeat ${repeat + 1}.`,
    remedy:
      'The prompt, the images, the judge or its parameters differ from when the bundle was packed. Pack it again after a run with the judge, or run the study as it was.',
  })
}
