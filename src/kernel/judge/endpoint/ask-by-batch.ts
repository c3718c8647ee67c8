import type { StepEvent } from '../../step.ts'
import { createAnswerStore, type StoredAnswer } from '../answers/answer-store.ts'
import { assess } from '../calls/ask.ts'
import { askInBatches } from '../calls/batch.ts'
import type { BatchItem } from '../calls/batch-file.ts'
import { systemClock } from '../calls/limiter.ts'
import { createProvider } from '../calls/provider.ts'
import { imageUrls } from '../prepare.ts'
import {
  costFactor,
  type EndpointJob,
  estimateOf,
  type Group,
  priceFor,
  spentOn,
  type Tell,
  unasked,
} from './job.ts'

/** Asks by the provider's Batch API. An answer that cannot be used is asked for again in a further batch. */
export async function* askByBatch(
  open: Group[],
  job: EndpointJob,
  tell: Tell,
): AsyncGenerator<StepEvent, void> {
  const { settings, assignment, endpoint, groups } = job
  const { context, budget } = assignment
  const waiting = new Map<string, Waiting>()
  for (const group of open) {
    const estimate = estimateOf(group, job) ?? 0
    if (budget.reserve(estimate))
      waiting.set(group.question.key, { group, estimate, answers: group.known.answers })
    else tell(unasked(group, `${budget.text} is spent`))
  }
  let done = groups.length - waiting.size
  const finish = (key: string) => {
    waiting.delete(key)
    done++
  }
  while (waiting.size > 0) {
    const items = [...waiting.values()].map(
      ({ group, answers }): BatchItem => ({ question: group.question, attempt: answers.length }),
    )
    const options = {
      provider: await createProvider(endpoint),
      host: endpoint.host,
      endpoint: endpoint.baseURL,
      store: context.store,
      answers: createAnswerStore(context.store),
      imageUrl: imageUrls(groups, context),
      structure: settings.structure === 'auto' ? ('schema' as const) : settings.structure,
      price: priceFor(job),
      factor: costFactor(job),
      poll: settings.batch?.poll ?? 30,
      signal: context.signal,
      sleep: systemClock.sleep,
    }
    for await (const event of askInBatches(items, options)) {
      if (event.kind === 'submitted') {
        const { id, questions } = event
        yield {
          type: 'note',
          text: `Batch ${id} with ${questions} questions was submitted to ${endpoint.host}. It may take a day; stopping the cell loses nothing, and running it again goes on waiting.`,
        }
      } else if (event.kind === 'waiting') {
        yield {
          type: 'progress',
          done: done + event.done,
          total: groups.length,
          label: `batch ${event.id}: ${event.status}`,
          unit: 'answers',
        }
      } else {
        const entry = waiting.get(event.key)
        // Another cell's question, taken along because its batch was still open: its answer is stored now.
        if (!entry) continue
        const { group, estimate, answers } = entry
        if (event.kind === 'failed') {
          finish(event.key)
          budget.settle(estimate, 0)
          tell({
            group,
            outcome: { kind: 'failed', reason: event.fault.message, fault: event.fault, answers, calls: 1 },
            open: false,
          })
          continue
        }
        // Fetched again after an interruption, when it was already known.
        if (event.answer.attempt !== answers.length) continue
        const all = [...answers, event.answer]
        const known = assess(group.question, all)
        if (known.kind === 'open') waiting.set(event.key, { ...entry, answers: all })
        else {
          finish(event.key)
          const before = spentOn(group.known.answers).cost ?? 0
          budget.settle(estimate, (spentOn(all).cost ?? 0) - before)
          tell({ group, outcome: { ...known, calls: all.length - group.known.answers.length }, open: false })
        }
      }
    }
  }
  yield { type: 'progress', done: groups.length, total: groups.length, label: 'batch', unit: 'answers' }
}

interface Waiting {
  group: Group
  estimate: number
  answers: StoredAnswer[]
}
