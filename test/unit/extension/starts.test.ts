import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { templates } from '../../../src/extension/commands/new-study.ts'
import type { StudyCell } from '../../../src/kernel/protocol/messages.ts'
import { planStudy } from '../../../src/kernel/session/plan.ts'
import { STEPS } from '../../../src/kernel/steps/index.ts'
import { promptCell } from '../../../src/kernel/steps/prompt.ts'
import { scriptCell } from '../../../src/kernel/steps/script.ts'
import { openStudy } from '../../../src/notebook/open.ts'
import { fakeL10n } from './fakes.ts'

// What a study and a cell start from is right, so that the first thing that a person runs is not an error of ours.
const root = resolve(import.meta.dirname, '../../..')
const language = { steps: STEPS, prompt: promptCell, script: scriptCell(STEPS) }

/** What the kernel says against cells: unknown steps, parameters and names. */
function problemsOf(cells: StudyCell[]): string[] {
  return planStudy(cells, language).cells.flatMap(cell => ('error' in cell ? [cell.error.message] : []))
}

describe('templates', () => {
  test('are those that the command offers', () => {
    expect(readdirSync(join(root, 'templates')).sort()).toEqual(
      templates(fakeL10n)
        .map(({ file }) => file)
        .sort(),
    )
  })

  test.each(templates(fakeL10n))('$label is a study that the kernel accepts', ({ file }) => {
    const { document, problems } = openStudy(readFileSync(join(root, 'templates', file), 'utf8'))
    expect(problems).toEqual([])
    const cells = document.cells.flatMap(({ kind, ...rest }) =>
      kind === 'prose' ? [] : [{ kind, ...(rest as object) } as StudyCell],
    )
    expect(cells.length).toBeGreaterThan(3)
    expect(problemsOf(cells)).toEqual([])
  })
})

describe('snippets', () => {
  const read = (file: string) =>
    Object.values(
      JSON.parse(readFileSync(join(root, 'snippets', file), 'utf8')) as Record<
        string,
        { prefix: string; body: string[] }
      >,
    )
  /** As it stands when every place is left as it was filled. */
  const filled = (body: string[]) =>
    body
      .join('\n')
      .replace(/\$\{\d+\|([^,|]*)[^}]*\|\}/g, '$1')
      .replace(/\$\{\d+:([^}]*)\}/g, '$1')
      .replace(/\$\d+/g, '')

  test('there is one for every step, by its name', () => {
    expect(
      read('mirage.json')
        .map(({ prefix }) => prefix)
        .sort(),
    ).toEqual(Object.keys(STEPS).sort())
  })

  test.each(read('mirage.json'))('$prefix is a cell that the kernel accepts', ({ body }) => {
    const names = ['photos', 'upscaled', 'measured', 'judged']
    const before = names.map(
      (name): StudyCell => ({
        id: name,
        kind: 'step',
        attributes: {},
        text: `triplets: { lr: a/*.png, as: ${name} }`,
      }),
    )
    // Without the name that an earlier cell of this test has already.
    const text = filled(body).replace(/\n {2}as: .*$/, '\n  as: made')
    expect(problemsOf([...before, { id: 'new', kind: 'step', attributes: {}, text }])).toEqual([])
  })

  test('the prompt is one that the kernel accepts', async () => {
    const [{ body }] = read('mirage-prompt.json')
    const cell: StudyCell = { id: 'p', kind: 'prompt', attributes: { prompt: 'mine' }, text: filled(body) }
    expect(problemsOf([cell])).toEqual([])
  })
})
