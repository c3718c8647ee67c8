import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import { analyser } from '../../../src/extension/language/analysis.ts'
import { columnsBefore } from '../../../src/extension/language/columns.ts'
import { complete, type Surroundings } from '../../../src/extension/language/complete.ts'
import { diagnoseStudy } from '../../../src/extension/language/diagnose.ts'
import { format } from '../../../src/extension/language/format.ts'
import { hoverAt } from '../../../src/extension/language/hover.ts'
import { definitionsOf, usesOf } from '../../../src/extension/language/names.ts'
import { MirageError } from '../../../src/kernel/errors.ts'
import { describePrompts } from '../../../src/kernel/judge/prompts/describe.ts'
import type { StudyCell, StudyLanguage } from '../../../src/kernel/protocol/messages.ts'
import { parseStep } from '../../../src/kernel/session/parse-step.ts'
import { STEPS } from '../../../src/kernel/steps/index.ts'
import { parseStudy } from '../../../src/notebook/parse.ts'
import * as templates from '../../../src/notebook/prompt/template.ts'

/** The real steps, as the kernel describes them. */
const language: StudyLanguage = {
  steps: Object.values(STEPS).map(({ name, summary, params }) => ({
    name,
    summary,
    schema: z.toJSONSchema(params, { io: 'input', unrepresentable: 'any' }) as Record<string, unknown>,
  })),
  models: ['realesr-general-x4v3', 'bicubic'],
  metrics: [
    { name: 'psnr', summary: 'Peak signal-to-noise ratio.' },
    { name: 'ssim', summary: 'Structural similarity.' },
  ],
  providers: ['cpu'],
  prompts: describePrompts(),
}
const analyse = analyser(language, templates)

const cell = (id: string, text: string, kind: StudyCell['kind'] = 'step', attributes = {}): StudyCell => ({
  id,
  kind,
  attributes,
  text,
})

const around: Surroundings = {
  results: [
    { name: 'photos', kind: 'table', cell: 'load' },
    { name: 'tuned', kind: 'model', cell: 'tune' },
  ],
  columns: [{ name: 'psnr', detail: 'made by the cell measure' }],
  files: async written => [`${written}lr/`],
}

/** Labels that are offered at the bar in the text. */
async function offered(text: string): Promise<string[]> {
  const offset = text.indexOf('|')
  const found = await complete(language, text.replace('|', ''), offset, around)
  return found.sort((a, b) => a.rank - b.rank).map(({ label }) => label)
}

describe('completion', () => {
  test('offers the steps in an empty cell and behind a beginning', async () => {
    expect(await offered('|')).toEqual(Object.keys(STEPS))
    expect(await offered('met|')).toContain('metrics')
    expect(await offered('metrics: {}\n|')).toEqual([])
  })

  test.each(['metrics:\n  of: photos\n  |', 'metrics:\n  of: photos\n  u|\n', 'metrics: { of: photos, u|'])(
    'offers the parameters that are not there yet: %j',
    async text => {
      const labels = await offered(text)
      expect(labels).toContain('use')
      expect(labels).not.toContain('of')
    },
  )

  test('offers what a value may be, by its meaning', async () => {
    expect(await offered('metrics: { of: |, use: [psnr] }')).toEqual(['photos'])
    expect(await offered('metrics:\n  of: photos\n  use: [psnr, |]')).toEqual(
      expect.arrayContaining(['psnr', 'ssim']),
    )
    expect(await offered('infer:\n  of: photos\n  model: |')).toEqual(
      expect.arrayContaining(['realesr-general-x4v3', 'tuned']),
    )
    expect(await offered('correlate: { of: photos, x: [|] }')).toContain('psnr')
    expect(await offered('triplets:\n  lr: "images/|"')).toContain('images/lr/')
    expect(await offered('triplets:\n  unmatched: s|')).toEqual(['error', 'skip'])
    expect(await offered('score:\n  judge:\n    |')).toEqual(expect.arrayContaining(['model', 'baseURL']))
  })

  test('inserts text that is valid at that place', async () => {
    const [scores] = await complete(language, 'scor', 4, around)
    const insertOf = async (text: string, label: string) =>
      (await complete(language, text.replace('|', ''), text.indexOf('|'), around)).find(
        item => item.label === label,
      )?.insert
    expect(scores.span).toEqual({ start: 0, end: 4 })
    expect(await insertOf('score: { of: photos, judge: | }', 'model')).toBe('{ model: $0 }')
    expect(await insertOf('score:\n  judge:\n    |', 'model')).toBe('model: $0')
    expect(await insertOf('metrics: { o|: photos }', 'of')).toBe('of')
  })

  test('columns come from the cells before and from the results that are there', () => {
    const cells = [
      cell('m', 'metrics: { of: photos, use: [psnr, { features: { model: x.onnx } }] }'),
      cell('s', 'score: { of: m, judge: { model: x } }'),
    ]
    const results = [
      {
        name: 'photos',
        cell: 'load',
        kind: 'table',
        shape: '',
        columns: [{ name: 'size', min: 1, max: 2, missing: 0 }],
      },
    ]
    expect(columnsBefore(cells, results).map(({ name }) => name)).toEqual(
      expect.arrayContaining(['size', 'psnr', 'hs', 'hs_sd', 'hs_n']),
    )
  })
})

describe('problems', () => {
  const problemsOf = (...texts: string[]) =>
    [
      ...diagnoseStudy(
        analyse,
        texts.map((text, i) => cell(`c${i}`, text)),
      ).values(),
    ].flat()

  test('a glob without quotes is one, which a quick fix quotes', () => {
    const text = 'triplets: { lr: lr, gt: *.png, as: photos }'
    const [{ code, span, fix }, ...rest] = problemsOf(text)
    expect([code, rest, text.slice(span.start, span.end)]).toEqual(['yaml-malformed', [], '*.png'])
    expect(fix?.text).toBe('"*.png"')
    const [header] = diagnoseStudy(analyse, [cell('p', '---\ntitle: *.x\n---\nLook', 'prompt', {})]).get('p')!
    expect(header).toMatchObject({ code: 'prompt-header', fix: { text: '"*.x"' } })
  })

  test('the quick start has none', () => {
    const root = resolve(import.meta.dirname, '../../..')
    const study = parseStudy(readFileSync(join(root, 'notebooks', 'quickstart.mirage.md'), 'utf8'))
    const cells = study.cells.flatMap(one =>
      one.kind === 'prose' ? [] : [cell(one.id, one.text, one.kind, one.attributes)],
    )
    expect(cells.length).toBeGreaterThan(5)
    expect([...diagnoseStudy(analyse, cells)]).toEqual([])
  })

  test.each([
    'metrics: { of: photos, use: [psnr',
    'metrcs: { of: photos, use: [psnr] }',
    'metrics: { of: photos, ues: [psnr] }',
    'metrics: {}',
    'metrics:',
    'triplets: { lr: a, scale: -4 }',
    'triplets: { lr: a, scale: four }',
    'triplets: { lr: a, unmatched: skp }',
    'triplets: { lr: [] }',
    'score: { of: photos, judge: { model: x, temprature: 1 } }',
    'score: { of: photos, judge: { model: x, key: sk-not-a-name } }',
    'correlate: { of: "not a name", x: psnr, y: ssim }',
    'export: { of: photos, to: a.csv }\ninfer: { of: photos }',
    '- a\n- list',
    'just words',
  ])('are those of the kernel, and at the same line: %j', text => {
    let kernel: MirageError | undefined
    try {
      parseStep('c', text, STEPS)
    } catch (error) {
      kernel = error as MirageError
    }
    expect(kernel).toBeInstanceOf(MirageError)
    const known = cell('before', 'triplets: { lr: a, as: photos }')
    const found = diagnoseStudy(analyse, [known, cell('c', text)]).get('c') ?? []
    const line = (offset: number) => text.slice(0, offset).split('\n').length
    expect(found.map(({ code, span }) => ({ code, line: line(span.start) }))).toContainEqual({
      code: kernel!.info.code,
      line: kernel!.info.at?.line ?? 1,
    })
  })

  test('a slip of the keyboard comes with the correction', () => {
    const fixes = (...texts: string[]) => problemsOf(...texts).map(({ fix }) => fix?.text)
    expect(fixes('metrcs: {}')).toEqual(['metrics'])
    expect(fixes('triplets: { lr: a, as: photos }', 'metrics: { of: photo, use: [psnr] }')).toEqual([
      'photos',
    ])
    expect(fixes('triplets: { lr: a, unmatchd: skip }')).toEqual(['unmatched'])
    expect(fixes('triplets: { lr: a, unmatched: skp }')).toEqual(['skip'])
  })

  test('a result must be defined by an earlier cell, and by one only', () => {
    const later = problemsOf('metrics: { of: photos, use: [psnr], as: m }', 'triplets: { lr: a, as: photos }')
    expect(later.map(({ code }) => code)).toEqual(['result-unknown'])
    const twice = problemsOf('triplets: { lr: a, as: photos }', 'triplets: { lr: b, as: photos }')
    expect(twice.map(({ code }) => code)).toEqual(['name-taken'])
  })

  test('an empty cell is not wrong yet', () => {
    expect(problemsOf('', '  \n')).toEqual([])
  })
})

describe('names', () => {
  const cells = [
    cell('load', 'triplets: { lr: a, as: photos }'),
    cell('mine', 'Look at {{ sr }}.', 'prompt', { prompt: 'rubric' }),
    cell('hs', 'score: { of: "photos", prompt: rubric, judge: { model: x }, as: judged }'),
  ]

  test('every place of a name is found, without its quotes', () => {
    const places = usesOf(analyse, cells, 'photos').map(({ cell: id, use }) => {
      const text = cells.find(one => one.id === id)!.text
      return [id, text.slice(use.span.start, use.span.end)]
    })
    expect(places).toEqual([
      ['load', 'photos'],
      ['hs', 'photos'],
    ])
  })

  test('prompts are defined by their cell', () => {
    expect(definitionsOf(analyse, cells)).toEqual([
      { name: 'photos', cell: 'load', span: { start: 23, end: 29 } },
      { name: 'rubric', cell: 'mine' },
      { name: 'judged', cell: 'hs', span: expect.anything() },
    ])
    expect(usesOf(analyse, cells, 'rubric').map(({ cell: id }) => id)).toEqual(['hs'])
  })
})

describe('hover and format', () => {
  test('hover explains steps, parameters, metrics and results', () => {
    const text = 'metrics: { of: photos, use: [psnr], as: measured }'
    const at = (word: string) =>
      hoverAt(language, text, text.indexOf(word) + 1, [{ name: 'photos', cell: 'load' }], [])?.markdown
    expect(at('metrics')).toContain(STEPS.metrics.summary)
    expect(at('psnr')).toContain('Peak signal-to-noise ratio')
    expect(at('photos')).toContain('made by the cell `load`')
    expect(at('use')).toMatch(/\*\*use\*\*/)
  })

  test('formatting evens the spacing, keeps comments, and leaves what it cannot read', () => {
    expect(format('infer:   {of: photos,model:  [a,b]} # two\n')).toBe(
      'infer: { of: photos, model: [a, b] } # two',
    )
    expect(format('infer: {of: [')).toBe('infer: {of: [')
    expect(format('triplets: {lr: *.png}')).toBe('triplets: {lr: *.png}')
  })
})
