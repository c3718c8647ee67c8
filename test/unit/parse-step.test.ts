import { expect, test } from 'vitest'
import * as z from 'zod'
import { MirageError } from '../../src/kernel/errors.ts'
import { completes, defines, reads } from '../../src/kernel/schema.ts'
import { parseStep } from '../../src/kernel/session/parse-step.ts'
import { referencesOf } from '../../src/kernel/session/references.ts'
import type { StepDefinition } from '../../src/kernel/step.ts'
import { score } from '../../src/kernel/steps/score.ts'

const params = z.strictObject({
  of: reads('table', 'Table to read.'),
  model: z.union([
    completes('model', z.string(), 'Model id.'),
    z.array(completes('model', z.string(), 'Model id.')),
  ]),
  judge: z.strictObject({ model: z.string(), temperature: z.number().min(0).max(2).optional() }).optional(),
  mode: z.enum(['fast', 'slow']).default('fast'),
  as: defines().optional(),
})
const infer: StepDefinition<typeof params> = {
  name: 'infer',
  version: 1,
  summary: '',
  params,
  granularity: 'rows',
  async *run() {
    return { outputs: [] }
  },
}
const steps = { infer } as unknown as Record<string, StepDefinition>

function problem(text: string) {
  try {
    parseStep('cell-1', text, steps)
  } catch (error) {
    if (error instanceof MirageError) return error.info
    throw error
  }
  throw new Error('it parsed')
}

test('a cell gives its step and its parameters with defaults', () => {
  const { step, params: parsed } = parseStep('c', 'infer: { of: photos, model: x4, as: up }', steps)
  expect(step.name).toBe('infer')
  expect(parsed).toEqual({ of: 'photos', model: 'x4', as: 'up', mode: 'fast' })
})

test.each([
  ['malformed YAML', 'infer:\n  of: [photos', { code: 'yaml-malformed', at: { line: 2 } }],
  ['a tab', 'infer:\n\tof: photos', { code: 'yaml-malformed', at: { line: 2 } }],
  [
    'an unquoted *',
    'infer:\n  of: photos\n  model: *.onnx',
    { code: 'yaml-malformed', remedy: /Quote .*"\*\.png"/, at: { line: 3, column: 10 } },
  ],
  [
    'an alias that is used too often',
    `infer:\n  of: &a [a]\n  model: [${Array(101).fill('*a')}]`,
    { code: 'yaml-malformed', remedy: /in place of anchors/, at: { line: 1, column: 1 } },
  ],
  ['a key twice', 'infer:\n  of: a\n  of: b', { code: 'yaml-malformed', at: { line: 3, column: 3 } }],
  [
    'an unknown step',
    '\ninfre: {}',
    { code: 'step-unknown', message: /Did you mean "infer"/, at: { line: 2, column: 1 } },
  ],
  ['an empty cell', '# only a comment', { code: 'step-shape' }],
  ['two steps', 'infer: {}\nscore: {}', { code: 'step-shape', at: { line: 2, column: 1 } }],
  ['a list', '- infer', { code: 'step-shape' }],
  [
    'an unknown key',
    'infer:\n  of: a\n  model: m\n  moed: slow',
    { code: 'parameter-unknown', message: /Did you mean "mode"/, at: { line: 4, column: 3 } },
  ],
  [
    'an unknown nested key',
    'infer:\n  of: a\n  model: m\n  judge:\n    model: g\n    temprature: 0',
    { code: 'parameter-unknown', message: /Did you mean "temperature"/, at: { line: 6, column: 5 } },
  ],
  [
    'a missing key',
    'infer:\n  model: m',
    { code: 'parameter-missing', message: /"of"/, at: { line: 2, column: 3 } },
  ],
  [
    'a wrong value',
    'infer:\n  of: a\n  model: m\n  mode: medium',
    { code: 'parameter-invalid', remedy: /fast, slow/, at: { line: 4, column: 9 } },
  ],
  ['a wrong type', 'infer:\n  of: 3\n  model: m', { code: 'parameter-invalid', at: { line: 2, column: 7 } }],
  [
    'a number out of range',
    'infer:\n  of: a\n  model: m\n  judge: { model: g, temperature: 9 }',
    { code: 'parameter-invalid', at: { line: 4, column: 35 } },
  ],
])('%s is an error that says where and what to do', (_, text, expected) => {
  const found = problem(text)
  expect(found.cell).toBe('cell-1')
  expect(found.code).toBe(expected.code)
  expect(found.remedy).toBeTruthy()
  if ('message' in expected) expect(found.message).toMatch(expected.message as RegExp)
  if ('remedy' in expected) expect(found.remedy).toMatch(expected.remedy as RegExp)
  if ('at' in expected) expect(found.at).toMatchObject(expected.at as object)
})

test('names that a cell reads and defines are found through unions, lists and optionals', () => {
  const { step, written } = parseStep('c', 'infer: { of: photos, model: [x4, tuned], as: up }', steps)
  expect(referencesOf(step.params, written)).toEqual({
    reads: ['photos'],
    mayRead: ['x4', 'tuned'],
    assumes: [],
    defines: 'up',
  })
})

test('the prompt of a score that names none is assumed', () => {
  const written = { of: 'photos', judge: { model: 'm', baseURL: 'http://localhost' } }
  expect(referencesOf(score.params, written)).toEqual({ reads: ['photos'], mayRead: [], assumes: ['hs'] })
  const named = { ...written, prompt: 'hs' }
  expect(referencesOf(score.params, named)).toMatchObject({ mayRead: ['hs'], assumes: [] })
})
