import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import * as z from 'zod'
import type { Compute } from '../../src/kernel/compute/compute.ts'
import { MirageError } from '../../src/kernel/errors.ts'
import type { CellEvent, Study } from '../../src/kernel/protocol/messages.ts'
import { runRequest } from '../../src/kernel/protocol/messages.ts'
import { defines, reads } from '../../src/kernel/schema.ts'
import { createRunRecord } from '../../src/kernel/session/run-record.ts'
import { Session } from '../../src/kernel/session/session.ts'
import type { StepDefinition } from '../../src/kernel/step.ts'
import { createFolderStore } from '../../src/kernel/store/folder-store.ts'

// Steps of numbers: `make` binds one, `add` adds to one, `wait` takes a while, `stages` can be stepped through.
let calls: string[]
const number = (value: unknown) => ({ kind: 'json' as const, value })

const make: StepDefinition = {
  name: 'make',
  version: 1,
  summary: '',
  granularity: 'table',
  params: z.strictObject({ value: z.number(), file: z.string().optional(), as: defines() }),
  async fingerprint(params, { folder }) {
    const { file } = params as { file?: string }
    return file
      ? { files: { [file]: await readFile(join(folder, file), 'utf8') } }
      : ({} as Record<string, never>)
  },
  async *run(params) {
    const { value } = params as { value: number }
    calls.push(`make ${value}`)
    if (value < 0)
      throw new MirageError({
        code: 'negative',
        message: 'It is negative.',
        remedy: 'Use a positive number.',
      })
    yield { type: 'note', text: `made ${value}` }
    return {
      value: number(value),
      outputs: [{ id: 'value', items: [{ mime: 'text/plain', text: String(value) }] }],
    }
  },
}
const add: StepDefinition = {
  name: 'add',
  version: 1,
  summary: '',
  granularity: 'table',
  params: z.strictObject({ to: reads('any', 'A number.'), plus: z.number(), as: defines().optional() }),
  async *run(params, context) {
    const { to, plus } = params as { to: string; plus: number }
    const { value } = context.input(to, 'json')
    calls.push(`add ${value} ${plus}`)
    return { value: number((value as number) + plus), outputs: [] }
  },
}
const wait: StepDefinition = {
  name: 'wait',
  version: 1,
  summary: '',
  granularity: 'table',
  params: z.strictObject({ steps: z.number() }),
  async *run(params, { signal }) {
    const { steps } = params as { steps: number }
    for (let done = 0; done <= steps; done++) {
      signal.throwIfAborted()
      await new Promise(resolve => setTimeout(resolve, 5))
      yield { type: 'progress', done: done === 3 ? 1 : done, total: steps }
    }
    return { outputs: [] }
  },
}
/** Counts its runs, none of which is complete. */
const partial: StepDefinition = {
  name: 'partial',
  version: 1,
  summary: '',
  granularity: 'table',
  params: z.strictObject({ as: defines() }),
  async *run() {
    const runs = calls.filter(call => call === 'partial').length
    calls.push('partial')
    const outputs = [{ id: 'runs', items: [{ mime: 'text/plain', text: `${runs} before` }] }]
    return { value: number(runs), outputs, cacheable: false }
  },
}
/** Keeps its text, as a prompt cell does. */
const prompt: StepDefinition = {
  name: 'prompt',
  version: 1,
  summary: '',
  granularity: 'table',
  params: z.strictObject({ name: z.string(), text: z.string() }),
  async *run(params) {
    return { value: { kind: 'prompt', ...(params as { name: string; text: string }) }, outputs: [] }
  },
}
/** Asks the prompt `hs` where no other is written; one is shipped. */
const ask: StepDefinition = {
  name: 'ask',
  version: 1,
  summary: '',
  granularity: 'table',
  params: z.strictObject({ prompt: reads('prompt', 'A prompt.').default('hs'), as: defines() }),
  async *run(params, context) {
    const { prompt: name } = params as { prompt: string }
    const text = context.hasInput(name) ? context.input(name, 'prompt').text : 'shipped'
    calls.push(`ask ${text}`)
    return { value: number(text), outputs: [] }
  },
}
const stages: StepDefinition = {
  name: 'stages',
  version: 1,
  summary: '',
  granularity: 'rows',
  params: z.strictObject({ as: defines() }),
  async *run() {
    let text = 'as it was'
    let edit: { text?: string; restart?: boolean } | undefined
    do {
      edit = (yield {
        type: 'stage',
        stage: 'text',
        row: { id: 'a', method: null },
        values: { text },
      }) as typeof edit
    } while (edit?.restart)
    text = edit?.text ?? text
    yield { type: 'stage', stage: 'result', row: { id: 'a', method: null }, values: { text } }
    return { value: number(text), outputs: [{ id: 'text', items: [{ mime: 'text/plain', text }] }] }
  },
}

let folder: string
let path: string
let events: CellEvent[]
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mirage-session-'))
})
afterAll(() => rm(folder, { recursive: true }))
let count = 0
beforeEach(() => {
  calls = []
  events = []
  path = join(folder, `study${count++}.mirage.md`)
})

function open(listen: (event: CellEvent) => void = () => {}): Session {
  const store = createFolderStore(`${path}.cache`)
  return new Session({
    path,
    store,
    compute: {} as Compute,
    language: { steps: { make, add, wait, partial, stages, ask }, prompt, script: make },
    record: createRunRecord(path, store),
    env: {},
    emit: event => {
      events.push(event)
      listen(event)
    },
    log: () => {},
    redact: text => text.replaceAll('positive', '<redacted>'),
  })
}

function study(...texts: string[]): Study {
  return {
    path,
    seed: 0,
    meta: {},
    cells: texts.map((text, n) => ({ id: `c${n + 1}`, kind: 'step' as const, attributes: {}, text })),
  }
}

/** A study whose first cell is a prompt `hs`. */
function withPrompt(text: string, ...texts: string[]): Study {
  const { cells, ...rest } = study(text, ...texts)
  return {
    ...rest,
    cells: [{ ...cells[0], kind: 'prompt', attributes: { prompt: 'hs' } }, ...cells.slice(1)],
  }
}

const indexPath = () => path.replace(/\.md$/, '.outputs/index.json')
const savedCells = async () => JSON.parse(await readFile(indexPath(), 'utf8')).cells
const lockedCells = async () => JSON.parse(await readFile(path.replace(/\.md$/, '.lock.json'), 'utf8')).cells

const run = (session: Session, of: Study, options = {}, cells = of.cells.map(({ id }) => id)) =>
  session.run(runRequest.parse({ study: of, cells, options }))

const outcomes = () =>
  events.flatMap(event => (event.type === 'ended' ? [`${event.cell} ${event.outcome.kind}`] : []))

test('cells run in order, and what they defined reaches later cells', async () => {
  const of = study('make: { value: 2, as: a }', 'add: { to: a, plus: 3, as: b }', 'add: { to: b, plus: 4 }')
  expect(await run(open(), of)).toMatchObject({ succeeded: ['c1', 'c2', 'c3'], failed: [], cancelled: [] })
  expect(calls).toEqual(['make 2', 'add 2 3', 'add 5 4'])
})

test('a second run of an unchanged study runs nothing, in the same session and after a restart, and shows the same', async () => {
  const of = study('make: { value: 2, as: a }', 'add: { to: a, plus: 3 }')
  const session = open()
  await run(session, of)
  const shown = events.filter(({ type }) => type === 'outputs' || type === 'note')
  for (const again of [session, open()]) {
    calls = []
    events = []
    await run(again, of)
    expect(calls).toEqual([])
    expect(
      events
        .filter(({ type }) => type === 'outputs' || type === 'note')
        .map(event => ({ ...event, run: '' })),
    ).toEqual(shown.map(event => ({ ...event, run: '' })))
  }
})

test('an edit runs again only what depends on it, and an edit back runs nothing', async () => {
  const texts = [
    'make: { value: 2, as: a }',
    'make: { value: 7, as: other }',
    'add: { to: a, plus: 3, as: b }',
    'add: { to: b, plus: 1 }',
  ]
  const session = open()
  await run(session, study(...texts))
  calls = []
  await run(session, study('make: { value: 4, as: a }', ...texts.slice(1)))
  expect(calls).toEqual(['make 4', 'add 4 3', 'add 7 1'])
  calls = []
  await run(session, study(...texts))
  expect(calls).toEqual([])
})

test('an edit that gives the same value stops the change there', async () => {
  const session = open()
  await run(
    session,
    study('make: { value: 2, as: a }', 'add: { to: a, plus: 0, as: b }', 'add: { to: b, plus: 5 }'),
  )
  calls = []
  await run(
    session,
    study('make: { value: 1, as: a }', 'add: { to: a, plus: 1, as: b }', 'add: { to: b, plus: 5 }'),
  )
  expect(calls).toEqual(['make 1', 'add 1 1'])
})

test('freshness says which cells were never run, which are stale and which are not', async () => {
  const session = open()
  const before = study(
    'make: { value: 2, as: a }',
    'add: { to: a, plus: 3, as: b }',
    'make: { value: 1, as: other }',
  )
  expect(await session.freshness(before)).toEqual({ c1: 'never', c2: 'never', c3: 'never' })
  await run(session, before)
  expect(await session.freshness(before)).toEqual({ c1: 'fresh', c2: 'fresh', c3: 'fresh' })
  const after = study(
    'make: { value: 4, as: a }',
    'add: { to: a, plus: 3, as: b }',
    'make: { value: 1, as: other }',
  )
  expect(await open().freshness(after)).toEqual({ c1: 'stale', c2: 'stale', c3: 'fresh' })
})

test('a file that the step reads makes it stale when its content changes', async () => {
  await writeFile(join(folder, 'input.txt'), 'one')
  const of = study('make: { value: 2, file: input.txt, as: a }')
  const session = open()
  await run(session, of)
  await writeFile(join(folder, 'input.txt'), 'two')
  expect(await session.freshness(of)).toEqual({ c1: 'stale' })
})

test('the first failure stops the rest; keep-going runs what does not depend on it', async () => {
  const of = study('make: { value: -1, as: a }', 'add: { to: a, plus: 3 }', 'make: { value: 5, as: b }')
  expect(await run(open(), of)).toMatchObject({ failed: ['c1'], cancelled: ['c2', 'c3'] })
  expect(await run(open(), of, { keepGoing: true })).toMatchObject({
    failed: ['c1', 'c2'],
    succeeded: ['c3'],
  })
})

test('errors carry cell, code and remedy, without secrets', async () => {
  await run(open(), study('make: { value: -1, as: a }'))
  const ended = events.find(event => event.type === 'ended')
  expect(ended).toMatchObject({
    outcome: {
      kind: 'failed',
      error: { cell: 'c1', code: 'negative', message: 'It is negative.', remedy: 'Use a <redacted> number.' },
    },
  })
})

test('a cell never runs on a result that does not belong to the document as it stands', async () => {
  const session = open()
  await run(session, study('make: { value: 2, as: a }', 'add: { to: a, plus: 3 }'))
  const edited = study('make: { value: 9, as: a }', 'add: { to: a, plus: 3 }')
  await run(session, edited, {}, ['c2'])
  expect(events.at(-1)).toMatchObject({
    outcome: { kind: 'failed', error: { code: 'input-not-ready', remedy: expect.stringContaining('"c1"') } },
  })
})

test.each([
  ['an unknown name', ['make: { value: 1, as: photos }', 'add: { to: photo, plus: 1 }'], 'result-unknown'],
  [
    'a name that only a later cell defines',
    ['add: { to: a, plus: 1 }', 'make: { value: 1, as: a }'],
    'result-unknown',
  ],
  ['a name that is taken', ['make: { value: 1, as: a }', 'make: { value: 2, as: a }'], 'name-taken'],
])('%s fails the cell that has it', async (_, texts, code) => {
  await run(open(), study(...texts), { keepGoing: true })
  expect(
    events.flatMap(event =>
      event.type === 'ended' && event.outcome.kind === 'failed' ? [event.outcome.error.code] : [],
    ),
  ).toEqual([code])
})

test('an interrupt cancels the running cell and everything behind it; the next run works', async () => {
  const session = open(event => event.type === 'progress' && session.interrupt())
  const of = study('wait: { steps: 1000 }', 'make: { value: 1, as: a }')
  expect(await run(session, of)).toMatchObject({ cancelled: ['c1', 'c2'] })
  expect(await run(session, study('make: { value: 1, as: a }'))).toMatchObject({ succeeded: ['c1'] })
})

test('runs wait for each other', async () => {
  const session = open()
  const of = study('wait: { steps: 3 }', 'make: { value: 1, as: a }')
  await Promise.all([run(session, of, {}, ['c1']), run(session, of, {}, ['c2'])])
  expect(outcomes()).toEqual(['c1 succeeded', 'c2 succeeded'])
})

test('progress never goes back and ends at its total', async () => {
  await run(open(), study('wait: { steps: 40 }'))
  const done = events.flatMap(event => (event.type === 'progress' ? [event.done] : []))
  expect(done).toEqual([...done].sort((a, b) => a - b))
  expect(done.at(-1)).toBe(40)
})

test('stepping waits at each stage; an edited value goes on and is never kept', async () => {
  const waiting: string[] = []
  const session = open(event => {
    if (event.type !== 'stage' || !event.waiting) return
    waiting.push(`${event.stage}: ${event.values.text}`)
    setTimeout(() =>
      session.gate(event.run)?.release('step', event.stage === 'text' ? { text: 'edited' } : undefined),
    )
  })
  const of = study('stages: { as: s }')
  await run(session, of, { stepping: true })
  expect(waiting).toEqual(['text: as it was', 'result: edited'])
  expect(events.findLast(event => event.type === 'outputs')).toMatchObject({
    outputs: [{ items: [{ text: 'edited' }] }],
  })
  // Neither the session nor a later one takes it for the cell's result, and nothing of it is written beside the study.
  expect((await session.results(of)).results).toEqual([])
  expect(await session.freshness(of)).toEqual({ c1: 'never' })
  const kept = await readFile(path.replace(/\.md$/, '.lock.json'), 'utf8').catch(() => '')
  expect(kept).not.toContain('stages')
  for (const later of [session, open()]) {
    await run(later, of)
    expect(events.findLast(event => event.type === 'outputs')).toMatchObject({
      outputs: [{ items: [{ text: 'as it was' }] }],
    })
    expect((await later.results(of)).results).toMatchObject([{ name: 's', kind: 'json' }])
  }
})

test('going through a stage once more is no edit', async () => {
  const session = open(event => {
    if (event.type !== 'stage' || !event.waiting) return
    const action = event.stage === 'text' && again-- > 0 ? 'restart-stage' : 'step'
    setTimeout(() => session.gate(event.run)?.release(action, undefined))
  })
  let again = 1
  const of = study('stages: { as: s }')
  await run(session, of, { stepping: true })
  expect((await session.results(of)).results).toMatchObject([{ name: 's' }])
})

test('a result that another run could complete feeds later cells and does not stand for its own', async () => {
  const session = open()
  const of = study('partial: { as: p }', 'add: { to: p, plus: 1, as: b }')
  await run(session, of)
  await run(session, of)
  expect(calls).toEqual(['partial', 'add 0 1', 'partial', 'add 1 1'])
})

test('outputs and lock stand beside the study, sorted and without what the study no longer has', async () => {
  const session = open()
  await run(session, study('make: { value: 2, as: a }', 'add: { to: a, plus: 3, as: b }'))
  await run(session, study('make: { value: 2, as: a }'))
  const index = JSON.parse(await readFile(path.replace(/\.md$/, '.outputs/index.json'), 'utf8'))
  expect(Object.keys(index.cells)).toEqual(['c1'])
  const page = await readFile(path.replace(/\.md$/, '.outputs/README.md'), 'utf8')
  expect(page).toContain('## c1')
  expect(page).not.toContain('## c2')
  const lock = JSON.parse(await readFile(path.replace(/\.md$/, '.lock.json'), 'utf8'))
  expect(lock.cells).toMatchObject({ c1: { step: 'make', as: 'a', version: 1 } })
  expect(lock.cells.c2).toBeUndefined()
})

test('what a cell gives anew under its old key is what is saved', async () => {
  const session = open()
  const of = study('partial: { as: p }')
  await run(session, of)
  const first = await savedCells()
  expect(first.c1.outputs).toMatchObject([{ items: [{ text: '0 before' }] }])
  await run(session, of)
  const second = await savedCells()
  expect(second.c1.key).toBe(first.c1.key)
  expect(second.c1.outputs).toMatchObject([{ items: [{ text: '1 before' }] }])
  expect(await readdir(path.replace(/\.md$/, '.outputs'))).toContain(second.c1.value)
})

test('a run that gives the same again leaves the saved outputs as they are', async () => {
  const of = study('make: { value: 2, as: a }', 'make: { value: -1, as: b }')
  await run(open(), of, { keepGoing: true })
  const before = await readFile(indexPath(), 'utf8')
  for (const force of [true, false]) {
    calls = []
    await run(open(), of, { keepGoing: true, force })
    expect(calls).toContain('make -1')
    expect(await readFile(indexPath(), 'utf8')).toBe(before)
  }
})

test('a session leaves alone what another has written of cells that it did not run since', async () => {
  const texts = ['make: { value: 2, as: a }', 'make: { value: 7, as: other }', 'wait: { steps: 1 }']
  const of = study(...texts)
  const edited = study('make: { value: 4, as: a }', ...texts.slice(1))
  const session = open()
  await run(session, of, {}, ['c1'])
  await run(open(), edited, {}, ['c1', 'c2'])
  const [saved, locked] = [await savedCells(), await lockedCells()]
  await run(session, edited, {}, ['c3'])
  expect(await savedCells()).toMatchObject({ c1: saved.c1, c2: saved.c2, c3: { succeeded: true } })
  expect(await lockedCells()).toMatchObject({ c1: locked.c1, c2: locked.c2, c3: { step: 'wait' } })
  const files = await readdir(path.replace(/\.md$/, '.outputs'))
  expect(files).toEqual(expect.arrayContaining([saved.c1.value, saved.c2.value]))
  expect(await session.freshness(edited)).toEqual({ c1: 'fresh', c2: 'fresh', c3: 'fresh' })
})

test('a broken index is refused until it is repaired, and no longer', async () => {
  const session = open()
  const of = study('make: { value: 2, as: a }')
  await run(session, of)
  const index = await readFile(indexPath(), 'utf8')
  await writeFile(indexPath(), '<<<<<<<')
  for (let tries = 0; tries < 2; tries++)
    await expect(session.freshness(of)).rejects.toMatchObject({ info: { code: 'json-syntax' } })
  await writeFile(indexPath(), index)
  expect(await session.freshness(of)).toEqual({ c1: 'fresh' })
})

test('a prompt cell with the name of the prompt that is asked by default comes first, and its edit is seen', async () => {
  const session = open()
  const of = withPrompt('My own.', 'ask: { as: answer }')
  await run(session, of)
  expect(calls).toEqual(['ask My own.'])
  expect(await session.freshness(withPrompt('Another.', 'ask: { as: answer }'))).toMatchObject({
    c2: 'stale',
  })
})

test('a prompt that is asked by default needs no cell, and no other result of its name is taken for it', async () => {
  await run(open(), study('ask: { as: answer }'))
  const { c1 } = await savedCells()
  await run(open(), study('ask: { as: answer }', 'make: { value: 1, as: hs }', 'ask: { as: more }'))
  expect(calls).toEqual(['ask shipped', 'make 1', 'ask shipped'])
  expect((await savedCells()).c1.key).toBe(c1.key)
  expect((await lockedCells()).c3.inputs).toEqual({})
})

test('an unquoted * fails its own cell only', async () => {
  const of = study('add: { to: *a, plus: 1 }', 'make: { value: 1, as: b }')
  expect(await run(open(), of, { keepGoing: true })).toMatchObject({ failed: ['c1'], succeeded: ['c2'] })
  expect(events.find(event => event.type === 'ended')).toMatchObject({
    outcome: { error: { code: 'yaml-malformed', cell: 'c1', at: { line: 1, column: 12 } } },
  })
})
