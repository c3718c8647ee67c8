import fc from 'fast-check'
import { expect, it } from 'vitest'
import { questionKey, samplingOf } from '../../../src/kernel/judge/questions/question.ts'
import { QuestionKeys } from '../../../src/kernel/judge/questions/question-keys.ts'
import { reference, requestBody, type Sampling } from '../../../src/kernel/judge/questions/request.ts'

const hash = fc.stringMatching(/^[0-9a-f]{64}$/)
/** Also what looks like an image, alone or between other words. */
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  hash.map(reference),
  hash.map(some => `as in "${reference(some)}".`),
)

it('gives every question the key that it has alone', () => {
  const label = fc.oneof(fc.constant('The reference'), text)
  const question = fc.record({
    repeat: fc.nat(3),
    hashes: fc.array(hash, { minLength: 3, maxLength: 3 }),
  })
  fc.assert(
    fc.property(
      fc.constantFrom('chat' as const, 'responses' as const),
      fc.record({
        text,
        system: fc.option(text, { nil: undefined }),
        labels: fc.array(label, { maxLength: 3 }),
      }),
      fc.record({
        model: text,
        temperature: fc.option(fc.double({ noNaN: true, min: 0, max: 2 })),
        seed: fc.nat(),
      }),
      fc.array(question, { minLength: 1, maxLength: 6 }),
      (api, { text, system, labels }, sampling: Sampling, questions) => {
        const keys = new QuestionKeys()
        const alike = {}
        for (const { repeat, hashes } of questions) {
          const images = labels.map((label, i) => {
            const prepared = { hash: hashes[i], width: 8, height: 8, mime: 'image/png', bytes: 70 }
            return { label, show: 'sr' as const, prepared }
          })
          const body = requestBody(api, { text, system, images }, samplingOf(sampling, repeat))
          const asked = { endpoint: 'https://judge.example/v1', api, body, repeat }
          const shown = images.map(({ prepared }) => prepared.hash)
          expect(keys.keyOf(asked, shown, alike)).toBe(questionKey(asked))
        }
      },
    ),
    { numRuns: 500 },
  )
})
