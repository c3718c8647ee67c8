import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { CODE } from '../../../src/extension/document/notebook-data.ts'
import { type ObjectOwner, StudyObjects } from '../../../src/extension/outputs/objects.ts'
import { answerRenderer } from '../../../src/extension/outputs/renderer-messages.ts'
import { restoreOutputs } from '../../../src/extension/outputs/restore.ts'
import { loadSaved } from '../../../src/extension/outputs/saved-outputs.ts'
import { type RowTags, withRowTags } from '../../../src/extension/outputs/tag-edit.ts'
import type { vscode } from '../../../src/extension/vscode.ts'
import type { RateAnswer } from '../../../src/kernel/protocol/mime.ts'
import { printOutputs } from '../../../src/notebook/outputs.ts'
import { FakeCell, fakeApi } from './fakes.ts'

const PNG = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 1, 2, 3])
const sha256 = (data: Uint8Array | string) => createHash('sha256').update(data).digest('hex')
const IMAGE = sha256(PNG)

const uri = (path: string): vscode.Uri =>
  ({ path, with: ({ path: other }: { path: string }) => uri(other) }) as vscode.Uri

/** A file system of a study with one saved cell that has an image. */
const files = new Map<string, Uint8Array>([
  [
    '/s/a.mirage.outputs/index.json',
    new TextEncoder().encode(
      printOutputs({
        version: 1,
        cells: {
          sr: {
            textHash: sha256('infer: {}'),
            succeeded: true,
            finished: '2026-05-01T10:00:00.000Z',
            milliseconds: 3,
            outputs: [{ id: 'image', items: [{ mime: 'image/png', file: `${IMAGE}.png` }] }],
          },
        },
      }),
    ),
  ],
  [`/s/a.mirage.outputs/${IMAGE}.png`, PNG],
])
const fs = {
  readFile: async ({ path }: vscode.Uri) => {
    const found = files.get(path)
    if (!found) throw new Error(`no file ${path}`)
    return found
  },
}
const objects = new StudyObjects({ fs, Uri: { file: uri } })
const owner: ObjectOwner = { notebook: { uri: uri('/s/a.mirage.md') }, kernel: { client: undefined } }

describe('saved outputs', () => {
  test('are put back without a kernel, and only where a cell shows nothing and does not run', async () => {
    const screen = [new FakeCell(), new FakeCell()]
    const cells = ['sr', 'other'].map((id, i) => ({
      kind: CODE,
      metadata: { mirage: { id } },
      document: { getText: () => 'infer: {}' },
      get outputs() {
        return screen[i].outputs
      },
      screen: screen[i],
    })) as unknown as vscode.NotebookCell[]
    const put = (live = new Set<string>()) =>
      loadSaved(fs, uri('/s/a.mirage.md')).then(saved =>
        restoreOutputs({ getCells: () => cells }, saved, live, {
          api: fakeApi,
          createExecution: cell => (cell as unknown as { screen: FakeCell }).screen.createExecution(),
          read: async hash => (await objects.read(owner, hash)).bytes,
          log: () => {},
        }),
      )
    expect((await put(new Set(['sr']))).size).toBe(0)
    expect([...(await put()).keys()]).toEqual(['sr'])
    expect(screen[0].outputs[0].items[0]).toMatchObject({ mime: 'image/png', data: PNG })
    expect(screen.map(({ mark }) => mark)).toEqual([undefined, 'none'])
    expect((await put()).size).toBe(0)
  })

  test('a study without an outputs folder has none, and a broken index is said', async () => {
    expect((await loadSaved(fs, uri('/s/b.mirage.md'))).cells).toEqual({})
    files.set('/s/c.mirage.outputs/index.json', new TextEncoder().encode('{'))
    await expect(loadSaved(fs, uri('/s/c.mirage.md'))).rejects.toThrow(/not JSON/)
  })
})

describe('what renderers may ask', () => {
  const wishes: string[] = []
  let text = 'gallery: { of: measured }'
  const services = {
    load: (hash: string) => objects.read(owner, hash),
    save: async () => false,
    train: async (run: string, action: string) => {
      wishes.push(`${run} ${action}`)
    },
    tag: async (cell: string, row: RowTags) => {
      if (cell !== 'look') throw new Error('The cell is no longer there.')
      text = withRowTags(text, row)
    },
    rate: async (session: string, rater: string, answer: RateAnswer | undefined) => {
      if (session !== 's') throw new Error('The pairs of this cell are not known here.')
      return answer ? { [answer.pair]: answer.rating } : { [`of ${rater}`]: 1 }
    },
  }

  test('a rating is answered with all that the rater gave, or with why it could not be kept', async () => {
    const request = { type: 'rate', request: 5, session: 's', rater: 'ann' } as const
    expect(await answerRenderer(request, services)).toEqual({
      type: 'rated',
      request: 5,
      ratings: { 'of ann': 1 },
    })
    const answer = { pair: 'k', rating: 4, seconds: 2 }
    expect(await answerRenderer({ ...request, answer }, services)).toMatchObject({ ratings: { k: 4 } })
    expect(await answerRenderer({ ...request, session: 'old' }, services)).toEqual({
      type: 'failed',
      request: 5,
      message: 'The pairs of this cell are not known here.',
    })
  })

  test('a training is paused without an answer', async () => {
    const request = { type: 'training', run: 'abc', action: 'pause' } as const
    expect(await answerRenderer(request, services)).toBeUndefined()
    expect(wishes).toEqual(['abc pause'])
  })

  test("a row's tags are written into the cell, and a refusal is answered", async () => {
    const request = { type: 'tag' as const, request: 7, id: 'sign', method: 'bicubic', tags: ['text'] }
    expect(await answerRenderer({ ...request, cell: 'look' }, services)).toEqual({
      type: 'saved',
      request: 7,
    })
    expect(text).toBe('gallery: { of: measured, tags: { sign: { bicubic: [text] } } }')
    expect(await answerRenderer({ ...request, cell: 'gone' }, services)).toEqual({
      type: 'failed',
      request: 7,
      message: 'The cell is no longer there.',
    })
  })

  test('an object of the study comes with its type', async () => {
    expect(await answerRenderer({ type: 'load', request: 4, hash: IMAGE }, services)).toEqual({
      type: 'object',
      request: 4,
      mime: 'image/png',
      base64: Buffer.from(PNG).toString('base64'),
    })
  })

  test('anything but the hash of an object of this study is refused', async () => {
    for (const hash of ['../../a.mirage.md', `${IMAGE}/../x`, '0'.repeat(64), '']) {
      const reply = await answerRenderer({ type: 'load', request: 1, hash }, services)
      expect(reply).toMatchObject({ type: 'failed', request: 1 })
    }
  })

  test('saving that is called off is answered, so that the renderer does not wait', async () => {
    const reply = await answerRenderer(
      { type: 'save', request: 2, suggestedName: 'x.png', mime: 'image/png', base64: '' },
      services,
    )
    expect(reply).toEqual({ type: 'failed', request: 2, message: 'Not saved.' })
  })
})

describe('tags in the text of a gallery cell', () => {
  const CELL = '# looked at twice\ngallery:\n  of: measured # all of them\n  as: tagged'
  const tag = (text: string, id: string, method: string | null, ...tags: string[]) =>
    withRowTags(text, { id, method, tags })

  test('are put beside what is there, with comments and order kept', () => {
    const once = tag(CELL, 'sign', 'bicubic', 'wrong letters', 'a: b # c')
    expect(once).toBe(`${CELL}\n  tags:\n    sign:\n      bicubic: [wrong letters, "a: b # c"]`)
    const twice = tag(tag(once, 'sign', 'x4', 'text'), 'sign', 'bicubic')
    expect(twice).toBe(`${CELL}\n  tags:\n    sign:\n      bicubic: []\n      x4: [text]`)
    expect(tag(CELL, '0001', null, 'night')).toBe(`${CELL}\n  tags:\n    "0001": [night]`)
  })

  test('of all methods stay those of the others when one gets its own', () => {
    const all = 'gallery:\n  of: measured\n  tags:\n    sign: [text]'
    expect(tag(all, 'sign', 'x4', 'text', 'bad')).toBe(
      'gallery:\n  of: measured\n  tags:\n    sign:\n      "*": [text]\n      x4: [text, bad]',
    )
  })

  test('are refused where there is no gallery cell any more', () => {
    for (const text of ['compare: { of: a }', 'gallery: {', '', 'gallery: measured'])
      expect(() => tag(text, 'sign', null, 'a')).toThrow(/no longer a readable/)
  })
})
