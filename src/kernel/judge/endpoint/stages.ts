import { AnswerProblem, findingsOf, type Json, numberIn } from '../answers/fields.ts'
import type { AnswerForm, Reading } from '../answers/forms.ts'
import { type ReadAnswer, type Reply, readAnswer } from '../answers/read.ts'
import { readReply } from '../answers/replies.ts'
import { type Asker, fromStore } from '../calls/ask.ts'
import { questionKey, samplingOf } from '../questions/question.ts'
import { type QuestionContent, requestBody } from '../questions/request.ts'
import { askWithin, fromBundle } from './ask-all.ts'
import { samplingFrom } from './inquiry.ts'
import { type Asked, type EndpointJob, type Group, silence, spentOn, unasked } from './job.ts'

/** The way from a prompt to a score, as far as it has been gone. Each stage makes a new one. */
export interface Walk {
  content: QuestionContent
  body: Json
  asked: Asked
  reply?: Reply
  read?: ReadAnswer
  reading?: Reading
  edited?: true
  /** What was wrong with an edit. */
  problem?: string
}

export interface Desk {
  job: EndpointJob
  asker: Asker
  group: Group
  /** Index of the group among those of the job. */
  nth: number
}

/** A point at which a person can look and change something. */
export interface Stage {
  name: string
  /** For people. */
  title: string
  /** Values that an edit may replace. */
  takes: readonly string[]
  /** Does the stage's work. */
  enter?(walk: Walk, desk: Desk): Walk | Promise<Walk>
  /** What there is to see. */
  show(walk: Walk, desk: Desk): Record<string, unknown>
  /** Takes an edit. Throws an AnswerProblem when it cannot be used. */
  edit(walk: Walk, edit: Record<string, unknown>, desk: Desk): Walk
}

export const STAGES: readonly Stage[] = [
  {
    name: 'prompt',
    title: 'rendered prompt',
    takes: ['text', 'system'],
    show: ({ content }, { job, group }) => ({
      text: content.text,
      ...(content.system !== undefined && { system: content.system }),
      prompt: job.assignment.prompt.name,
      variables: group.variables,
    }),
    edit: (walk, { text, system }) => ({
      ...walk,
      content: {
        ...walk.content,
        ...(typeof text === 'string' && { text }),
        ...(typeof system === 'string' && { system }),
      },
    }),
  },
  {
    name: 'images',
    title: 'images as sent',
    takes: ['images'],
    show: ({ content }) => ({
      images: content.images.map(({ label, prepared }) => ({ label, ...prepared })),
    }),
    edit: (walk, { images }) => ({
      ...walk,
      content: { ...walk.content, images: chosen(walk.content, images) },
    }),
  },
  {
    name: 'request',
    title: 'request',
    takes: ['body'],
    enter: (walk, { job, group }) => {
      const sampling = samplingOf(samplingFrom(job.settings, job.assignment.prompt), group.question.repeat)
      return { ...walk, body: requestBody(job.settings.api, walk.content, sampling) }
    },
    show: ({ body }, { job, group }) => ({
      endpoint: job.endpoint.baseURL,
      api: job.settings.api,
      repeat: group.question.repeat,
      body,
      schema: job.assignment.prompt.form.schema,
    }),
    edit: (walk, { body }) => {
      if (typeof body !== 'object' || body === null)
        throw new AnswerProblem('the body of a request is an object')
      return { ...walk, body: body as Json }
    },
  },
  {
    name: 'answer',
    title: 'raw answer',
    takes: ['text'],
    enter: async (walk, desk) => withAnswer(walk, await ask(walk, desk)),
    show: ({ asked, reply, problem }) => ({
      text: reply?.text ?? '',
      ...(reply?.refusal !== undefined && { refusal: reply.refusal }),
      ...(reply?.cut && { cut: reply.cut }),
      stored: asked.outcome.calls === 0 && asked.outcome.answers.length > 0,
      calls: asked.outcome.calls,
      ...spentOn(asked.outcome.answers),
      ...(!reply && asked.outcome.kind === 'failed' && { problem: asked.outcome.reason }),
      ...(problem && { problem }),
    }),
    edit: (walk, { text }) => {
      if (typeof text !== 'string') throw new AnswerProblem('an answer is a text')
      return { ...walk, reply: { text } }
    },
  },
  {
    name: 'parsed',
    title: 'parsed answer',
    takes: ['answer'],
    enter: (walk, { job }) => {
      const read = walk.reply && readAnswer(walk.reply, job.assignment.prompt.form)
      return { ...walk, read, reading: read?.kind === 'read' ? read.reading : undefined }
    },
    show: ({ read, asked, problem }) => ({
      ...(read?.kind === 'read' && {
        answer: read.value ?? null,
        how: read.how,
        remarks: read.reading.remarks,
      }),
      ...(read?.kind === 'unusable' && { problem: `the answer cannot be used: ${read.reason}` }),
      ...(!read && asked.outcome.kind === 'failed' && { problem: asked.outcome.reason }),
      ...(problem && { problem }),
    }),
    edit: (walk, { answer }, { job }) => {
      const value = answer as Json
      const reading = formOf(job).read(typeof value === 'object' && value !== null ? value : {})
      return { ...walk, read: { kind: 'read', reading, how: 'strict', value }, reading }
    },
  },
  {
    name: 'score',
    title: 'score',
    takes: ['score', 'findings'],
    show: ({ reading, read, asked, problem }, { job }) => ({
      score: reading?.score ?? null,
      range: formOf(job).range,
      findings: reading?.findings ?? [],
      ...(!reading && { problem: reasonOf(read, asked) }),
      ...(problem && { problem }),
    }),
    edit: (walk, { score: written, findings }, { job }) => {
      const { range, compares } = formOf(job)
      const score = numberIn(written ?? walk.reading?.score, 'score', range)
      return {
        ...walk,
        reading: {
          remarks: [],
          ...walk.reading,
          score,
          findings: findings === undefined ? (walk.reading?.findings ?? []) : findingsOf(findings),
          ...(compares && { rival: { findings: [], ...walk.reading?.rival, score: 1 - score } }),
        },
      }
    },
  },
]

const formOf = (job: EndpointJob): AnswerForm => job.assignment.prompt.form

/** Asks the question that the walk has arrived at, which may be an edited one with a key of its own. */
async function ask({ body }: Walk, { job, asker, group }: Desk): Promise<Asked> {
  const { source, replay } = job
  const question = { ...group.question, body, key: questionKey({ ...group.question, body }) }
  // Looked up anew: a stage that is gone through again must find the answer that it got before.
  const known = await fromStore(question, source)
  const asked: Group = { ...group, question, known }
  if (known.kind !== 'open') return { group: asked, outcome: { ...known, calls: 0 }, open: false }
  if (replay) return fromBundle(asked, job)
  const silent = silence(job)
  return silent === undefined ? askWithin(asked, job, asker) : unasked(asked, silent)
}

function withAnswer(walk: Walk, asked: Asked): Walk {
  const answer = asked.outcome.answers.at(-1)
  const reply = answer && readReply(asked.group.question.api, answer.body)
  return { ...walk, asked, reply }
}

/** Why there is no score. */
export function reasonOf(read: ReadAnswer | undefined, { outcome }: Asked): string {
  if (read?.kind === 'unusable') return `the answer cannot be used: ${read.reason}`
  return outcome.kind === 'failed' ? outcome.reason : 'there is no answer'
}

/** Images in another order, with other labels, or fewer of them, named by their hashes. */
function chosen({ images }: QuestionContent, edit: unknown): QuestionContent['images'] {
  if (!Array.isArray(edit)) throw new AnswerProblem('images are a list of { hash, label }')
  return edit.map(item => {
    const { hash, label } = (item ?? {}) as Json
    const image = images.find(({ prepared }) => prepared.hash === hash)
    if (!image) throw new AnswerProblem(`no image of this question has the hash ${String(hash).slice(0, 12)}`)
    return { ...image, ...(typeof label === 'string' && { label }) }
  })
}
