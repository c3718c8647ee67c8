import * as z from 'zod'
import type { Finding } from '../../protocol/mime.ts'
import { AnswerProblem, findingsOf, type Json, numberIn, objectsOf, oneOf } from './fields.ts'

/** What an answer says, whatever its form was. */
export interface Reading {
  /** In the form's range; higher = less was invented. */
  score: number
  findings: Finding[]
  /** Remarks on what was missing from the answer ("no list of elements"). */
  remarks: string[]
  /** In a pairwise answer: the same for Image B. */
  rival?: { score: number; findings: Finding[] }
}

/** A form that answers may have: the JSON schema that servers with structured output enforce, and how to read it. */
export interface AnswerForm {
  name: string
  /** Range of the score. */
  range: readonly [number, number]
  /** What the score is, for the column. */
  scoring: string
  /** JSON schema (strict mode of structured output: every property required, none other allowed). */
  schema: Json
  /** Its answers speak of two images: `rival` is read too. */
  compares?: true
  /** @throws AnswerProblem when the score cannot be had from the answer. */
  read(answer: Json): Reading
}

const severity = z.int().min(1).max(5)
const element = z.object({ what: z.string(), where: z.string(), kind: z.enum(['P1', 'P2']), severity })
const region = z.object({ ...element.shape, box: z.array(z.number()).length(4) })

const HS_RANGE = [1, 5] as const

function readElements(answer: Json): Reading {
  const score = numberIn(answer.score, 'score', HS_RANGE)
  const listed = Array.isArray(answer.elements)
  return { score, findings: findingsOf(answer.elements), remarks: listed ? [] : ['no list of elements'] }
}

/**
 * Share of what the reference shows that survived, mapped to 1..5: 5 - 4 * (weight of "changed") / (weight of "changed"
 * and "same"). "unclear" counts for neither, so that blur costs nothing. The formula is Mirage's.
 */
function readQuestions(answer: Json): Reading {
  const questions = objectsOf(answer.questions)
  const answers = objectsOf(answer.answers)
  if (!questions?.length || !answers?.length) throw new AnswerProblem('it has no questions or no answers')
  if (questions.length !== answers.length) {
    throw new AnswerProblem(`it has ${questions.length} questions and ${answers.length} answers`)
  }
  let changed = 0
  let seen = 0
  const findings: Finding[] = []
  answers.forEach((reply, i) => {
    const weight = numberIn(questions[i].weight, 'weight', [1, 3])
    const verdict = oneOf(reply.verdict, 'verdict', ['same', 'unclear', 'changed'])
    if (verdict !== 'unclear') seen += weight
    if (verdict !== 'changed') return
    changed += weight
    const what = `${questions[i].question} ${reply.seen ?? ''}`.trim()
    findings.push({
      what,
      severity: weight + 1,
      ...(typeof reply.where === 'string' && { where: reply.where }),
    })
  })
  const remarks = seen === 0 ? ['every answer is "unclear"'] : []
  return { score: seen === 0 ? 5 : 5 - (4 * changed) / seen, findings, remarks }
}

/** 1 for the image that invents less, 0 for the one that invents more, 0.5 for neither. */
function readPairwise(answer: Json): Reading {
  const more = oneOf(answer.more, 'verdict', ['A', 'B', 'neither'])
  const score = more === 'A' ? 0 : more === 'B' ? 1 : 0.5
  return {
    score,
    findings: findingsOf(answer.a),
    remarks: [],
    rival: { score: 1 - score, findings: findingsOf(answer.b) },
  }
}

const strict = (schema: z.ZodType): Json => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema) as Json
  return rest
}

/** Adding a form is adding a row; a prompt names it in its front matter (`answer:`). */
export const ANSWER_FORMS: readonly AnswerForm[] = [
  {
    name: 'elements',
    range: HS_RANGE,
    scoring: 'the score that the judge gives after its evidence',
    schema: strict(z.object({ elements: z.array(element), score: severity })),
    read: readElements,
  },
  {
    name: 'regions',
    range: HS_RANGE,
    scoring: 'the score that the judge gives after its evidence',
    schema: strict(z.object({ elements: z.array(region), score: severity })),
    read: readElements,
  },
  {
    name: 'questions',
    range: HS_RANGE,
    scoring: '5 - 4 * weight of changed answers / weight of clear answers',
    schema: strict(
      z.object({
        questions: z.array(z.object({ question: z.string(), weight: z.int().min(1).max(3) })),
        answers: z.array(
          z.object({ seen: z.string(), where: z.string(), verdict: z.enum(['same', 'unclear', 'changed']) }),
        ),
      }),
    ),
    read: readQuestions,
  },
  {
    name: 'pairwise',
    range: [0, 1],
    compares: true,
    scoring: 'share of comparisons in which it invents less (0.5 for neither)',
    schema: strict(
      z.object({ a: z.array(z.string()), b: z.array(z.string()), more: z.enum(['A', 'B', 'neither']) }),
    ),
    read: readPairwise,
  },
]

/**
 * A form that a prompt cell brings along as a JSON schema. The score is its number `score`, in the range that the
 * schema gives it, and `elements`, if there, are shown as findings.
 */
export function customForm(schema: Json): AnswerForm {
  const score = ((schema.properties as Json | undefined)?.score ?? {}) as Json
  const range: [number, number] = [Number(score.minimum ?? 1), Number(score.maximum ?? 5)]
  return {
    name: 'custom',
    range,
    scoring: 'the number "score" of the answer',
    schema,
    read: answer => ({
      score: numberIn(answer.score, 'score', range),
      findings: findingsOf(answer.elements),
      remarks: [],
    }),
  }
}
