import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import { scriptTypes } from '../../../src/extension/language/script-types.ts'
import type { StudyLanguage } from '../../../src/kernel/protocol/messages.ts'
import { STEPS } from '../../../src/kernel/steps/index.ts'
import { hostPaths } from '../../e2e/support/host-paths.ts'

// Against the TypeScript of a real VS Code: what its server would say of a script cell.
const require = createRequire(import.meta.url)
const ts = require(
  join(dirname(hostPaths().entry), '../../lib/vscode/extensions/node_modules/typescript/lib/typescript.js'),
)
const plugin = require(resolve(import.meta.dirname, '../../../src/script-types/plugin.cjs'))

const language: StudyLanguage = {
  steps: Object.values(STEPS).map(({ name, summary, params }) => ({
    name,
    summary,
    schema: z.toJSONSchema(params, { io: 'input', unrepresentable: 'any' }) as Record<string, unknown>,
  })),
  models: [],
  metrics: [],
  providers: [],
  prompts: { schema: {}, shipped: [] },
}
const TYPES = scriptTypes(language, [
  { name: 'measured', kind: 'table', columns: ['psnr', 'lr-consistency'] },
  { name: 'tuned', kind: 'model', columns: [] },
  { name: 'two-words', kind: 'table', columns: [] },
])
const CELL = '^/vscode-notebook-cell/ts-nul-authority/studies/a.mirage.md#W0sZmlsZQ==.ts'

/** The service that a server would ask about a cell with this text. */
function open(text: string, types = TYPES) {
  const library = ts.getDefaultLibFilePath({ target: ts.ScriptTarget.ESNext })
  const host = {
    getCompilationSettings: () => ({
      target: ts.ScriptTarget.ESNext,
      module: ts.ModuleKind.ESNext,
      strict: true,
      types: [],
    }),
    getScriptFileNames: () => [CELL],
    getScriptVersion: () => '1',
    getScriptSnapshot: (name: string) => {
      const found = name === CELL ? text : ts.sys.readFile(name)
      return found === undefined ? undefined : ts.ScriptSnapshot.fromString(found)
    },
    getCurrentDirectory: () => '/',
    getDefaultLibFileName: () => library,
    fileExists: ts.sys.fileExists,
    readFile: ts.sys.readFile,
  }
  const { create, onConfigurationChanged } = plugin({ typescript: ts })
  onConfigurationChanged({ cells: types ? { '/studies/a.mirage.md#W0sZmlsZQ==.ts': types } : {} })
  const service = create({
    languageService: ts.createLanguageService(host),
    languageServiceHost: host,
    project: {},
  })
  return {
    service,
    problems: () =>
      [...service.getSyntacticDiagnostics(CELL), ...service.getSemanticDiagnostics(CELL)].map(
        ({ messageText }: { messageText: unknown }) => ts.flattenDiagnosticMessageText(messageText, '\n'),
      ),
    members: (behind: string): string[] =>
      service
        .getCompletionsAtPosition(CELL, text.indexOf(behind) + behind.length, {})
        .entries.map(({ name }: { name: string }) => name),
  }
}

describe('script cells in the editor', () => {
  test('see the results of earlier cells with their columns, and the steps with their parameters', () => {
    const { problems, members } = open(
      `const best = measured.rows.filter(row => Number(row.values.psnr) > 30)
const again = await steps.metrics({ of: measured, use: ['psnr'] })
show(best.length + seed)
signal.throwIfAborted()
export default results['two-words'].rows.map(({ id }) => [id, tuned.onnx, again])
`,
    )
    expect(problems()).toEqual([])
    expect(members('measured.')).toEqual(expect.arrayContaining(['rows', 'columns', 'scale']))
    expect(members('row.values.')).toContain('psnr')
    expect(members('steps.')).toEqual(Object.keys(STEPS).sort())
    expect(members('steps.metrics({ ')).toEqual(expect.arrayContaining(['of', 'provider']))
  })

  test('what is wrong is still said, at its place', () => {
    const { problems } = open('measured.rowz\nconst x: number = tuned.onnx\nnowhere\n')
    expect(problems()).toEqual([
      expect.stringContaining("'rowz' does not exist"),
      expect.stringContaining("'string' is not assignable to type 'number'"),
      expect.stringContaining("Cannot find name 'nowhere'"),
    ])
  })

  test('nothing of the declarations behind the cell is shown', () => {
    const text = 'const own = measured.rows.length\n'
    const { service } = open(text)
    expect(service.getDefinitionAtPosition(CELL, text.indexOf('measured'))).toEqual([])
    const { childItems, spans } = service.getNavigationTree(CELL)
    expect(childItems.map((item: { text: string }) => item.text)).toEqual(['own'])
    expect(spans[0].start + spans[0].length).toBeLessThanOrEqual(text.length)
  })

  test('a file that is no cell of a study is left alone', () => {
    expect(open('measured\n', '').problems()).toEqual([
      expect.stringContaining("Cannot find name 'measured'"),
    ])
  })
})
