import { expect, test } from 'vitest'
import type { GalleryPayload, ImageRef } from '../../../src/kernel/protocol/mime.ts'
import { parseStep } from '../../../src/kernel/session/parse-step.ts'
import { gallery } from '../../../src/kernel/steps/gallery.ts'
import { toCsv } from '../../../src/kernel/steps/table-formats.ts'
import type { Row, StudyTable } from '../../../src/kernel/value.ts'
import { fillRows } from '../../../src/renderers/gallery/rows.ts'
import { runStep, stepContext } from '../../support/step-context.ts'

const image = (hash: string): ImageRef => ({
  hash,
  width: 8,
  height: 8,
  mime: 'image/png',
  thumb: `${hash}-small`,
})

const row = (id: string, method: string | null, psnr: number, tags?: string[]): Row => ({
  id,
  method,
  images: { lr: image(`${id}-lr`), ...(method && { sr: image(`${id}-${method}`) }) },
  values: { psnr },
  ...(tags && { tags }),
})

const TABLE: StudyTable = {
  kind: 'table',
  scale: 4,
  columns: [{ name: 'psnr', direction: 'higher', settings: {}, version: '1', source: 'test' }],
  rows: [
    row('sign', 'bicubic', 20.125, ['old']),
    row('sign', 'x4', 21),
    row('page', 'bicubic', 22, ['old']),
    row('bare', null, 0),
  ],
}

async function run(params: object) {
  const result = await runStep(
    gallery,
    { of: 'measured', ...params },
    stepContext('/nowhere', { measured: TABLE }),
  )
  const [{ items }] = result.outputs
  const payload = items.flatMap(item => ('json' in item ? (item.json as GalleryPayload) : []))[0]
  const text = items.flatMap(item => ('text' in item ? item.text : []))[0]
  return { table: result.value as StudyTable, payload, text }
}

test('every row is shown with its image and numbers, each once in the payload', async () => {
  const { payload, text } = await run({})
  const shown = fillRows(payload).rows.map(({ id, method, image, values }) => [
    id,
    method,
    image?.hash,
    values.psnr,
  ])
  expect(shown).toEqual([
    ['sign', 'bicubic', 'sign-bicubic', 20.125],
    ['sign', 'x4', 'sign-x4', 21],
    ['page', 'bicubic', 'page-bicubic', 22],
    ['bare', null, 'bare-lr', 0],
  ])
  expect(JSON.stringify(payload).match(/"sign-x4"/g)).toHaveLength(1)
  expect(text.split('\n').slice(0, 2)).toEqual(['4 rows of 3 images', 'sign bicubic, psnr 20.13, #old'])
})

test("tags of the cell replace a row's own: by method, for the others, or for all", async () => {
  const { table } = await run({ tags: { sign: { x4: ['letters', 'letters'], '*': [] }, bare: ['dark'] } })
  expect(table.rows.map(({ tags }) => tags)).toEqual([[], ['letters'], ['old'], ['dark']])
  expect(toCsv(table)).toBe(
    'id,method,tags,psnr\nsign,bicubic,,20.125\nsign,x4,letters,21\npage,bicubic,old,22\nbare,,dark,0\n',
  )
})

test('rows and methods are chosen, and names that are not there are said', async () => {
  const { table } = await run({ rows: ['sign'], methods: ['x4'], tags: { page: ['kept aside'] } })
  expect(table.rows.map(({ id, method }) => [id, method])).toEqual([['sign', 'x4']])
  await expect(run({ tags: { sing: ['a'] } })).rejects.toThrow('Did you mean "sign"?')
  const written = 'gallery:\n  of: measured\n  tags:\n    sign: text\n'
  expect(() => parseStep('look', written, { gallery })).toThrow(/gallery: tags\.sign/)
})
