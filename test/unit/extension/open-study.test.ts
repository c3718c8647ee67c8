import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { OpenStudy } from '../../../src/extension/session/open-study.ts'
import type { vscode } from '../../../src/extension/vscode.ts'
import { launchKernel } from '../../../src/kernel/protocol/client.ts'
import { FakeCell, fakeApi, fakeL10n } from './fakes.ts'

const SCRIPTED = join(import.meta.dirname, 'scripted-kernel.ts')

let open: OpenStudy | undefined
afterEach(() => open?.dispose())

/** A study of texts of the scripted kernel, and a person who agrees to as many costs as `agrees`. */
function study(texts: Record<string, string>, agrees: number) {
  const screen = new Map(Object.keys(texts).map(id => [id, new FakeCell()]))
  const cells = Object.entries(texts).map(([id, text]) => ({
    kind: 2,
    metadata: { mirage: { id } },
    document: { languageId: 'mirage', getText: () => text },
  })) as unknown as vscode.NotebookCell[]
  const asked: string[] = []
  open = new OpenStudy(
    {
      uri: { fsPath: '/studies/scripted.mirage.md' },
      metadata: {},
      getCells: () => cells,
    } as unknown as vscode.NotebookDocument,
    {
      api: { ...fakeApi, l10n: fakeL10n as typeof vscode.l10n },
      kernels: {
        launch: handlers =>
          launchKernel({ node: process.execPath, entry: SCRIPTED, cwd: import.meta.dirname, ...handlers }),
        reattach: async () => undefined,
      },
      objects: undefined as never,
      createExecution: cell =>
        screen.get((cell.metadata as { mirage: { id: string } }).mirage.id)!.createExecution(),
      confirm: async question => {
        asked.push(question)
        return asked.length <= agrees
      },
      networkAllowed: () => true,
      onChange: () => {},
      onResults: () => {},
      log: () => {},
    },
  )
  return { study: open, cells, asked, shown: (id: string) => screen.get(id)!.texts().join() }
}

describe('cells that wait for agreement to their costs', () => {
  const TEXTS = { a: 'cost 5', b: 'cost 4', c: 'options' }

  test('are asked about one by one, and what was agreed to holds for that cell alone', async () => {
    const { study: opened, cells, asked, shown } = study(TEXTS, 2)
    await opened.run(cells)
    expect(asked).toEqual([
      'The cell "a" would cost about $5.00. Nothing was sent.',
      'The cell "b" would cost about $4.00. Nothing was sent.',
    ])
    expect([shown('a'), shown('b')]).toEqual(['{"offline":false,"spend":5}', '{"offline":false,"spend":4}'])
    expect(shown('c')).toBe('{"offline":false}')
  })

  test('end the run where the person does not agree', async () => {
    const { study: opened, cells, asked, shown } = study(TEXTS, 1)
    await opened.run(cells)
    expect(asked).toHaveLength(2)
    expect(shown('a')).not.toBe('')
    expect(shown('c')).toBe('')
  })
})
