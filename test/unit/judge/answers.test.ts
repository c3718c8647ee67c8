import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ANSWER_FORMS, customForm } from '../../../src/kernel/judge/answers/forms.ts'
import { findJson } from '../../../src/kernel/judge/answers/json.ts'
import { readAnswer } from '../../../src/kernel/judge/answers/read.ts'
import { readReply } from '../../../src/kernel/judge/answers/replies.ts'

const form = (name: string) => ANSWER_FORMS.find(candidate => candidate.name === name)!
const elements = form('elements')
const element = { what: 'bell became a "cloaked" figure {dark}', where: 'top left', kind: 'P2', severity: 3 }
const text = JSON.stringify({ elements: [element], score: 2 })

/** What a reader makes of an answer's text: its score, or why there is none. */
function scoreOf(answer: string, of = elements): number | string {
  const read = readAnswer({ text: answer }, of)
  return read.kind === 'read' ? read.reading.score : read.reason
}

describe('reading an answer', () => {
  it.each([
    ['plain', text],
    ['in a fence', `\`\`\`json\n${text}\n\`\`\``],
    ['in a fence without a language, after prose', `Sure.\n\`\`\`\n${text}\n\`\`\`\nDone.`],
    ['between words with braces', `In the form {elements, score}: ${text} I hope {this} helps.`],
    ['after the form was repeated', `{"elements": [], "score": 5} is the form. My answer: ${text}`],
    ['as a Python literal', text.replaceAll('\\"cloaked\\"', 'cloaked').replaceAll('"', "'")],
    ['with trailing commas', text.replace('}]', '},]').replace('2}', '2,}')],
    ['with the score as text', text.replace('2}', '"2/5"}')],
  ])('finds the score %s', (_, answer) => {
    expect(scoreOf(answer)).toBe(2)
  })

  it.each([
    ['above the scale', text.replace('2}', '7}'), 'its score is 7, outside 1 to 5'],
    ['below the scale', text.replace('2}', '0}'), 'its score is 0, outside 1 to 5'],
    ['missing', '{"elements": []}', 'it has no score'],
    ['no number', '{"score": "low"}', 'its score is no number'],
    ['null', '{"score": null}', 'its score is no number'],
  ])('never takes a score that is %s', (_, answer, reason) => {
    expect(scoreOf(answer)).toBe(reason)
  })

  it('reads any cut of a well-formed answer as the same score or as none, never as another', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: text.length }), fc.boolean(), (end, scoreFirst) => {
        const whole = scoreFirst ? JSON.stringify({ score: 2.5, elements: [element] }) : text
        const got = scoreOf(whole.slice(0, Math.min(end, whole.length)))
        if (typeof got === 'number') expect(got).toBe(scoreFirst ? 2.5 : 2)
      }),
    )
  })

  it('takes the score out of prose only when the text states one score', () => {
    expect(scoreOf('The sign is unreadable.\n**Score:** 3/5')).toBe(3)
    expect(scoreOf('I give it a score of 4.')).toBe(4)
    expect(scoreOf('Score: 3 for the sign, score: 2 for the face.')).toContain('it is no JSON')
    expect(scoreOf('Score: 9')).toContain('it is no JSON')
  })

  it('tells refusals, filters, cuts and empty answers apart, and whether asking again helps', () => {
    const read = (reply: Parameters<typeof readAnswer>[0]) => readAnswer(reply, elements)
    expect(read({ text: '', refusal: 'I cannot help.' })).toMatchObject({
      again: false,
      reason: 'the judge refused: I cannot help.',
    })
    expect(read({ text: "I'm sorry, but I can't assist with that." })).toMatchObject({ again: false })
    expect(read({ text: '', cut: 'filter' })).toMatchObject({ again: false })
    expect(read({ text: text.slice(0, 40), cut: 'length' })).toMatchObject({
      again: true,
      reason: 'it was cut off at the limit of tokens',
    })
    expect(read({ text: ' \n' })).toMatchObject({ again: true, reason: 'it is empty' })
  })

  it('keeps the evidence that can be read and drops fields that cannot', () => {
    const odd = {
      elements: [
        'halo',
        { what: ' moiré ', kind: 'p1', severity: 9, box: [0.1, 0.2, 0.3, 0.4] },
        { where: 'x' },
        3,
      ],
      score: 4,
    }
    const read = readAnswer({ text: JSON.stringify(odd) }, form('regions'))
    expect(read).toMatchObject({
      reading: { findings: [{ what: 'halo' }, { what: 'moiré', kind: 'P1', box: [0.1, 0.2, 0.3, 0.4] }] },
    })
    expect(read.kind === 'read' && read.reading.findings[1].severity).toBeUndefined()
  })

  it('never throws, whatever a judge writes', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.json().map(json => `x {${json}`),
        ),
        fc.constantFrom(...ANSWER_FORMS),
        (any, of) => {
          expect(['read', 'unusable']).toContain(readAnswer({ text: any }, of).kind)
          expect(Array.isArray(findJson(any))).toBe(true)
        },
      ),
    )
  })
})

describe('answer forms', () => {
  it('scores questions by the weight of what changed, and blur costs nothing', () => {
    const ask = (...verdicts: string[]) => ({
      questions: verdicts.map(() => ({ question: 'What is it?', weight: 2 })),
      answers: verdicts.map(verdict => ({ seen: 'a door', where: 'left', verdict })),
    })
    const { read } = form('questions')
    expect(read(ask('same', 'same')).score).toBe(5)
    expect(read(ask('same', 'changed')).score).toBe(3)
    expect(read(ask('changed', 'changed')).score).toBe(1)
    expect(read(ask('unclear', 'unclear', 'same')).score).toBe(5)
    expect(() => read({ ...ask('same'), answers: [] })).toThrow('no answers')
  })

  it('gives the two images of a pair opposite scores', () => {
    const { read } = form('pairwise')
    expect(read({ a: ['x'], b: [], more: 'A' })).toMatchObject({
      score: 0,
      rival: { score: 1 },
      findings: [{ what: 'x' }],
    })
    expect(read({ a: [], b: [], more: 'neither' })).toMatchObject({ score: 0.5, rival: { score: 0.5 } })
  })

  it('takes range and score of a schema that a prompt brings along', () => {
    const own = customForm({
      type: 'object',
      properties: { score: { type: 'number', minimum: 0, maximum: 10 } },
    })
    expect(own.read({ score: 8 }).score).toBe(8)
    expect(() => own.read({ score: 11 })).toThrow('outside 0 to 10')
  })

  it('asks for structured output in strict mode: every property required, no other allowed', () => {
    const visit = (schema: Record<string, unknown>) => {
      if (schema.type === 'object') {
        expect(schema.additionalProperties).toBe(false)
        expect(schema.required).toEqual(Object.keys(schema.properties as object))
      }
      for (const child of Object.values((schema.properties ?? {}) as Record<string, Record<string, unknown>>))
        visit(child)
      if (schema.items) visit(schema.items as Record<string, unknown>)
    }
    for (const { schema } of ANSWER_FORMS) visit(schema)
  })
})

describe('replies of the two APIs', () => {
  it('hold the same text, usage and reason for stopping', () => {
    const chat = {
      choices: [{ finish_reason: 'length', message: { content: 'abc' } }],
      usage: { prompt_tokens: 3, completion_tokens: 4 },
    }
    const responses = {
      output: [{ type: 'reasoning' }, { type: 'message', content: [{ type: 'output_text', text: 'abc' }] }],
      incomplete_details: { reason: 'max_output_tokens' },
      usage: { input_tokens: 3, output_tokens: 4 },
    }
    const expected = { text: 'abc', cut: 'length', usage: { input: 3, output: 4 } }
    expect(readReply('chat', JSON.stringify(chat))).toEqual(expected)
    expect(readReply('responses', JSON.stringify(responses))).toEqual(expected)
    expect(readReply('chat', '<html>502</html>')).toBeUndefined()
    expect(readReply('chat', '{"choices":[]}')).toBeUndefined()
  })
})
