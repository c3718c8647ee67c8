import type { StageFacts } from '../../protocol/stage-facts.ts'
import type { StepEvent } from '../../step.ts'
import { AnswerProblem } from '../answers/fields.ts'
import { ensureImages } from '../prepare.ts'
import { createAsker } from './ask-all.ts'
import { type Asked, type EndpointJob, settlePaid, type Tell, unasked } from './job.ts'
import { type Desk, reasonOf, STAGES, type Stage, type Walk } from './stages.ts'
import { walkOutputs } from './walk-outputs.ts'

/**
 * Walks through every question, one after the other, and stops at each stage. What a person changes at a stage is used
 * from there on; an edited answer is never stored as the judge's.
 */
export async function* walkAll(job: EndpointJob, tell: Tell): AsyncGenerator<StepEvent, void> {
  const asker = createAsker(job, job.assignment.context.signal)
  settlePaid(job)
  const progress = (done: number): StepEvent => ({
    type: 'progress',
    done,
    total: job.groups.length,
    label: 'stepping',
    unit: 'answers',
  })
  yield progress(0)
  for (const [nth, group] of job.groups.entries()) {
    tell(yield* walk({ job, asker, group, nth }))
    yield progress(nth + 1)
  }
}

async function* walk(desk: Desk): AsyncGenerator<StepEvent, Asked> {
  const { group, job } = desk
  await ensureImages([group], job.assignment.context)
  const start: Walk = {
    content: group.content,
    body: group.question.body,
    asked: unasked(group, 'not reached'),
  }
  /** The walk as each stage found it, so that a stage can be gone through again. */
  const before: Walk[] = [start]
  let at = 0
  let again: Walk | undefined
  while (at < STAGES.length) {
    const stage = STAGES[at]
    const entered = again ?? (await (stage.enter?.(before[at], desk) ?? before[at]))
    again = undefined
    const facts = factsOf(stage, entered, desk)
    for (const output of walkOutputs(facts, entered.content)) yield { type: 'output', output }
    const reply: unknown = yield { type: 'stage', ...facts }
    const { restart, stage: from, ...edit } = (reply ?? {}) as Record<string, unknown>
    if (restart) {
      const target = STAGES.findIndex(({ name }) => name === from)
      at = target >= 0 && target < at ? target : at
      continue
    }
    if (Object.keys(edit).length === 0) before[++at] = { ...entered, problem: undefined }
    else {
      try {
        before[at + 1] = { ...stage.edit(entered, edit, desk), edited: true, problem: undefined }
        at++
      } catch (error) {
        if (!(error instanceof AnswerProblem)) throw error
        again = { ...entered, problem: `the edit cannot be used: ${error.message}` }
      }
    }
  }
  return outcomeOf(before[at])
}

function factsOf(stage: Stage, walk: Walk, desk: Desk): StageFacts {
  const { job, group, nth } = desk
  const { settings, assignment, groups } = job
  const [look] = group.looks
  const { id, method } = assignment.table.rows[look.row]
  return {
    stage: stage.name,
    title: stage.title,
    row: { id, method },
    about: {
      judge: settings.name ?? settings.model,
      look: `${look.repeat + 1} of ${assignment.repeats}`,
      question: `${nth + 1} of ${groups.length}`,
    },
    values: { ...stage.show(walk, desk), ...(walk.edited && { edited: true }) },
    editable: stage.takes,
  }
}

function outcomeOf({ asked, read, reading, edited }: Walk): Asked {
  const { answers, calls } = asked.outcome
  if (!reading) {
    const fault = asked.outcome.kind === 'failed' ? asked.outcome.fault : undefined
    return { ...asked, outcome: { kind: 'failed', reason: reasonOf(read, asked), fault, answers, calls } }
  }
  const used = read?.kind === 'read' ? read : ({ kind: 'read', how: 'strict', value: undefined } as const)
  return {
    ...asked,
    open: false,
    outcome: { kind: 'answered', answers, calls, read: { ...used, reading } },
    ...(edited && { edited }),
  }
}
