import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import type { Compute } from '../../src/kernel/compute/compute.ts'
import { RowMemo } from '../../src/kernel/compute/row-memo.ts'
import { MirageError } from '../../src/kernel/errors.ts'
import { ANSWER_SPACE, PARTIAL_SPACE } from '../../src/kernel/judge/answers/answer-store.ts'
import type { TablePayload } from '../../src/kernel/protocol/mime.ts'
import { shardOf } from '../../src/kernel/session/shard.ts'
import type { StudyTable } from '../../src/kernel/value.ts'
import {
  type Bench,
  inProcessCompute,
  runScore,
  syntheticTable,
  temporaryStore,
} from '../fixtures/judge-bench.ts'
import {
  type Act,
  answerByHash,
  envelope,
  faulty,
  pick,
  type ScriptedJudge,
  type ScriptedOptions,
  scoreFor,
  startScriptedJudge,
  wellFormed,
} from '../fixtures/scripted-judge.ts'

const open: ScriptedJudge[] = []
afterEach(async () => {
  for (const judge of open.splice(0)) await judge.close()
})

async function scripted(options: ScriptedOptions = {}): Promise<ScriptedJudge> {
  const judge = await startScriptedJudge(options)
  open.push(judge)
  return judge
}

/** A judge that retries within milliseconds, so that tests of its patience are short. */
const impatient = (judge: Pick<ScriptedJudge, 'url'>, more: Record<string, unknown> = {}) => ({
  model: 'scripted',
  baseURL: judge.url,
  timeout: 60,
  retry: { attempts: 4, pause: 0.01, longest: 0.05 },
  ...more,
})

async function bench(images: number, methods = ['a'], more: Partial<Bench> = {}): Promise<Bench> {
  const store = await temporaryStore()
  return { store, table: await syntheticTable(store, images, methods), ...more }
}

async function countRecords({ store }: Bench, space: string): Promise<number> {
  let count = 0
  for await (const _ of store.listRecords(space)) count++
  return count
}

const errorOf = async (promise: Promise<unknown>) => {
  const error = await promise.then(
    () => undefined,
    error => error,
  )
  if (!(error instanceof MirageError)) throw error ?? new Error('it did not fail')
  return error.info
}

describe('score', () => {
  it('adds mean, spread and number of the answers, and the evidence, to each row', async () => {
    // Three looks at each row give 5, 2 and 2, in whatever order they are asked.
    const looks = new Map<string, number>()
    const judge = await scripted({
      script: ({ body }) => {
        const row = JSON.stringify(body)
        looks.set(row, (looks.get(row) ?? 0) + 1)
        return { do: 'answer', text: wellFormed([5, 2, 2][(looks.get(row) ?? 0) - 1]) }
      },
    })
    const { table, result } = await runScore(
      { judge: impatient(judge), repeats: 3 },
      await bench(2, ['a', 'b']),
    )
    expect(looks.size).toBe(4)
    expect(table.columns.map(({ name }) => name)).toEqual(['hs', 'hs_sd', 'hs_n'])
    for (const { values, findings } of table.rows) {
      expect(values).toMatchObject({ hs: 3, hs_n: 3 })
      expect(values.hs_sd).toBeCloseTo(Math.sqrt(3), 12)
      // Those of a look that was near the mean.
      expect(findings).toMatchObject([{ kind: 'P2', severity: 4 }])
    }
    const shown = result.outputs.find(({ id }) => id === 'scores')?.items[0] as { json: TablePayload }
    for (const row of shown.json.rows) {
      expect(row).toMatchObject({ hs: 3, tokens_in: 3000, tokens_out: 300, cost: 0 })
      expect(row.hs_low).toBeCloseTo(3 - 4.302652729911275, 6)
    }
  })

  it('sends system text, prompt, and each image after its label, in the order of the prompt', async () => {
    const judge = await scripted()
    await runScore({ judge: impatient(judge, { seed: 3 }), repeats: 2 }, await bench(1))
    const [first, second] = judge.calls.map(({ body }) => body)
    expect([first.seed, second.seed].toSorted()).toEqual([3, 4])
    expect(first).toMatchObject({
      model: 'scripted',
      temperature: 0,
      response_format: { type: 'json_schema' },
    })
    const [system, user] = first.messages as { role: string; content: { type: string; text?: string }[] }[]
    expect(system.role).toBe('system')
    expect(user.content.map(({ type }) => type)).toEqual([
      'text',
      'text',
      'image_url',
      'text',
      'image_url',
      'text',
      'image_url',
    ])
    expect(user.content[1].text).toBe('1. The reference (ground truth)')
    expect(user.content[2]).toMatchObject({
      image_url: { url: expect.stringMatching(/^data:image\/png;base64,/), detail: 'high' },
    })
  })

  it('asks by the responses API in the same words', async () => {
    const judge = await scripted()
    const { table } = await runScore({ judge: impatient(judge, { api: 'responses' }) }, await bench(1))
    expect(judge.calls[0]).toMatchObject({
      path: '/responses',
      body: {
        store: false,
        text: { format: { type: 'json_schema', strict: true } },
        instructions: expect.any(String),
      },
    })
    expect(table.rows[0].values.hs).toBe(scoreFor(judge.calls[0].key))
  })

  it('asks nothing twice: a second run makes no call and gives the same table', async () => {
    const judge = await scripted()
    const desk = await bench(2, ['a', 'b'])
    const first = await runScore({ judge: impatient(judge), repeats: 2 }, desk)
    const second = await runScore({ judge: impatient(judge), repeats: 2 }, desk)
    expect(second.table).toEqual(first.table)
    expect(judge.calls).toHaveLength(8)
    await runScore({ judge: impatient(judge), repeats: 3 }, desk)
    expect(judge.calls).toHaveLength(12)
  })

  it('shares one call between rows with equal images', async () => {
    const judge = await scripted()
    const desk = await bench(1, ['a'])
    const twin = { ...desk.table.rows[0], method: 'twin' }
    const { table, result } = await runScore(
      { judge: impatient(judge) },
      { ...desk, table: { ...desk.table, rows: [...desk.table.rows, twin] } },
    )
    expect(judge.calls).toHaveLength(1)
    expect(table.rows[1].values.hs).toBe(table.rows[0].values.hs)
    expect(result.lock).toMatchObject({ judges: [{ answers: 2, tokens: { input: 1000, output: 100 } }] })
  })

  it.each([
    ['hs', 'hs'],
    ['hs-pairwise', 'wins'],
  ])(
    'puts together what shards were answered (%s), and needs neither images nor answers for it',
    async (prompt, column) => {
      const judge = await scripted({
        script: call => {
          if (prompt === 'hs') return answerByHash(call)
          const more = ['A', 'B', 'neither'][pick(JSON.stringify(call.body.messages), 3)]
          return { do: 'answer', text: JSON.stringify({ a: ['x'], b: [], more }) }
        },
      })
      const desk = await bench(6, ['a', 'b', 'c'])
      const rows = desk.table.rows
      // Two rows that look the same are one question, which is paid for once.
      rows[1].images = rows[0].images
      const settings = {
        judge: [
          impatient(judge, { price: { input: 10, output: 10 } }),
          impatient(judge, { name: 'warm', temperature: 1 }),
        ],
        repeats: 2,
        prompt,
        column,
      }
      const whole = await runScore(settings, desk)
      const collected = new RowMemo()
      for (let index = 0; index < 3; index++) {
        const memo = new RowMemo()
        const table = { ...desk.table, rows: rows.filter(row => shardOf(row, 3) === index) }
        await runScore(settings, { ...desk, table, compute: { ...inProcessCompute(desk.store), memo } })
        collected.addJson(memo.toJson())
      }
      const calls = judge.calls.length
      const compute: Compute = {
        run: job => Promise.reject(new Error(`the collection asked for ${job}`)),
        memo: collected,
      }
      const together = await runScore(settings, { store: await temporaryStore(), table: desk.table, compute })
      expect(judge.calls).toHaveLength(calls)
      expect(together.table).toEqual(whole.table)
      expect(together.result.outputs).toEqual(whole.result.outputs)
      expect(together.result.lock).toEqual(whole.result.lock)
    },
  )

  it('reads old answers anew with a changed form, without a call', async () => {
    const judge = await scripted()
    const desk = await bench(1)
    const text = (answer: string) => `---\nimages: [sr]\nanswer: ${answer}\n---\nHow much was invented?`
    const first = await runScore(
      { judge: impatient(judge), prompt: 'mine' },
      { ...desk, prompts: { mine: text('elements') } },
    )
    const schema = '{ type: object, properties: { score: { type: number, minimum: 0, maximum: 100 } } }'
    const second = await runScore(
      { judge: impatient(judge), prompt: 'mine' },
      { ...desk, prompts: { mine: text(schema) } },
    )
    expect(judge.calls).toHaveLength(1)
    expect(second.table.columns[0].range).toEqual([0, 100])
    expect(second.table.rows[0].values.hs).toBe(first.table.rows[0].values.hs)
  })

  it('takes several judges into one mean, with a column for each, and says how far they agree', async () => {
    const judge = await scripted()
    const judges = [
      impatient(judge),
      impatient(judge, { model: 'other-7B' }),
      impatient(judge, { model: 'other-7B', temperature: 1 }),
    ]
    const { table, result } = await runScore({ judge: judges, repeats: 2 }, await bench(4, ['a', 'b']))
    expect(table.columns.map(({ name }) => name).slice(3)).toEqual([
      'hs_scripted',
      'hs_other_7b_1',
      'hs_other_7b_2',
    ])
    for (const { values } of table.rows) {
      const own = [values.hs_scripted, values.hs_other_7b_1, values.hs_other_7b_2] as number[]
      expect(values.hs).toBeCloseTo((own[0] + own[1] + own[2]) / 3, 12)
      expect(values.hs_n).toBe(6)
    }
    expect(result.lock).toMatchObject({
      agreement: { rows: 8, alpha: expect.any(Number), icc21: { raters: 6 } },
    })
  })

  it('compares pairs in both orders and gives each method the share of comparisons that it wins', async () => {
    // Image A always "invents more": a judge with nothing but a bias of position.
    const judge = await scripted({ script: () => ({ do: 'answer', text: '{"a":["x"],"b":[],"more":"A"}' }) })
    const { table } = await runScore(
      { judge: impatient(judge), prompt: 'hs-pairwise', column: 'wins', repeats: 2 },
      await bench(2, ['a', 'b', 'c']),
    )
    expect(judge.calls).toHaveLength(2 * 3 * 2)
    for (const { values } of table.rows) expect(values).toMatchObject({ wins: 0.5, wins_n: 4 })

    // With one look at each pair the order alternates over images, and is that of any part of the table.
    const desk = await bench(12, ['a', 'b'])
    const settings = { judge: impatient(judge), prompt: 'hs-pairwise', column: 'wins' }
    const winsOf = async (rows: StudyTable['rows']) => {
      const { table } = await runScore(settings, { ...desk, table: { ...desk.table, rows } })
      return table.rows.map(({ values }) => values.wins)
    }
    const wins = await winsOf(desk.table.rows)
    expect(new Set(wins.filter((_, i) => i % 2 === 0))).toEqual(new Set([0, 1]))
    expect(await winsOf(desk.table.rows.slice(4))).toEqual(wins.slice(4))
    // Another method of the first image alone moves nobody else.
    const extra = { ...desk.table.rows[0], method: 'c' }
    expect((await winsOf([extra, ...desk.table.rows])).slice(3)).toEqual(wins.slice(2))
  })

  it('will not overwrite a column', async () => {
    const judge = await scripted()
    const desk = await bench(1)
    const { table } = await runScore({ judge: impatient(judge) }, desk)
    expect(await errorOf(runScore({ judge: impatient(judge) }, { ...desk, table }))).toMatchObject({
      code: 'column-taken',
    })
    await runScore({ judge: impatient(judge), column: 'again' }, { ...desk, table })
  })
})

describe('consent, keys and money', () => {
  it('leaves the column empty with the reason, and says how to configure a judge, when there is none', async () => {
    const ran = await runScore({ judge: { model: 'gpt-4o' } }, await bench(1))
    expect(ran.table.rows[0].values.hs).toBeNull()
    expect(ran.table.rows[0].missing?.hs).toContain('OPENAI_API_KEY is not set')
    expect(ran.notes.join()).toContain('baseURL: "http://localhost:11434/v1"')
    expect(ran.result.cacheable).toBe(false)
  })

  it('says which host gets how many images before the first call', async () => {
    const judge = await scripted()
    const { events } = await runScore({ judge: impatient(judge), repeats: 2 }, await bench(3))
    const note = events.findIndex(
      event => event.type === 'note' && /gets 9 images in 6 calls/.test(event.text),
    )
    const asking = events.findIndex(event => event.type === 'progress' && event.label?.startsWith('asking'))
    expect(note).toBeGreaterThanOrEqual(0)
    expect(note).toBeLessThan(asking)
  })

  it('previews questions with the images as sent, and the bill, before anything is paid', async () => {
    const judge = await scripted()
    const desk = await bench(3)
    const ran = await runScore({ judge: impatient(judge), preview: 2 }, desk)
    expect(judge.calls).toHaveLength(0)
    expect(ran.result).toMatchObject({ value: desk.table, cacheable: false })
    expect(ran.notes.join()).toContain('gets 9 images in 3 calls')
    expect(ran.result.outputs).toHaveLength(2 * 7)
    const [question, label, image] = ran.result.outputs
    expect(question.items[0]).toMatchObject({ text: expect.stringContaining('Question about image-0 (a)') })
    expect(label.items[0]).toMatchObject({
      text: expect.stringContaining('1. The reference (ground truth) (16'),
    })
    const [{ object }] = image.items as unknown as { object: string }[]
    await runScore({ judge: impatient(judge) }, desk)
    const sent = Buffer.from(await desk.store.getObject(object)).toString('base64')
    expect(JSON.stringify(judge.calls.map(({ body }) => body))).toContain(sent)
  })

  it('prepares an image again that was cleared from the cache', async () => {
    const judge = await scripted()
    const desk = await bench(1)
    const { result } = await runScore({ judge: impatient(judge), preview: 1 }, desk)
    const shown = result.outputs.flatMap(({ items: [item] }) => ('object' in item ? item.object : []))
    for (const hash of shown) await rm(desk.store.objectPath(hash))
    await runScore({ judge: impatient(judge), preview: 1 }, desk)
    for (const hash of shown) {
      expect(await desk.store.hasObject(hash)).toBe(true)
      await rm(desk.store.objectPath(hash))
    }
    const { table } = await runScore({ judge: impatient(judge) }, desk)
    expect(table.rows[0].values.hs_n).toBe(1)
  })

  it('makes no call offline, but still uses stored answers', async () => {
    const judge = await scripted()
    const desk = await bench(2)
    await runScore({ judge: impatient(judge) }, desk)
    const calls = judge.calls.length
    const more = await syntheticTable(desk.store, 3, ['a'])
    const ran = await runScore({ judge: impatient(judge) }, { ...desk, table: more, offline: true })
    expect(judge.calls).toHaveLength(calls)
    expect(ran.table.rows.map(({ values }) => values.hs !== null)).toEqual([true, true, false])
    expect(ran.table.rows[2].missing?.hs).toBe('not asked: this run may not use the network')
  })

  it('stops before the first call when the estimate is above confirmAbove', async () => {
    const judge = await scripted()
    const priced = impatient(judge, { price: { input: 1000, output: 1000 } })
    const error = await errorOf(runScore({ judge: priced, confirmAbove: 0.5 }, await bench(2)))
    expect(error).toMatchObject({ code: 'judge-cost', remedy: expect.stringContaining('confirmAbove:') })
    expect(judge.calls).toHaveLength(0)
    // Agreed to by the person who runs it, and not by the study.
    const desk = { ...(await bench(2)), spend: error.cost }
    const { table } = await runScore({ judge: priced, confirmAbove: 0.5 }, desk)
    expect(table.rows.every(({ values }) => values.hs !== null)).toBe(true)
  })

  it('stops cleanly at the budget, and goes on from there when it is raised', async () => {
    const judge = await scripted()
    const desk = await bench(6)
    // $1 per thousand tokens in: an answer costs about a dollar.
    const priced = impatient(judge, { price: { input: 1000, output: 0 } })
    const settings = { judge: priced, concurrency: 1, confirmAbove: 1000 }
    const first = await runScore({ ...settings, budget: 3.5 }, desk)
    const scored = first.table.rows.filter(({ values }) => values.hs !== null).length
    expect(scored).toBeGreaterThan(0)
    expect(scored).toBeLessThan(6)
    expect(first.result).toMatchObject({ cacheable: false, lock: { judges: [{ cost: scored }] } })
    expect(first.table.rows.at(-1)?.missing?.hs).toContain('the budget of $3.5 is spent')
    // The same budget again pays nothing.
    await runScore({ ...settings, budget: 3.5 }, desk)
    expect(judge.calls).toHaveLength(scored)
    const second = await runScore({ ...settings, budget: 100 }, desk)
    expect(second.table.rows.every(({ values }) => values.hs !== null)).toBe(true)
    expect(judge.calls).toHaveLength(6)
    expect(second.notes.join()).toContain('Ledger of this cache folder')
    const third = await errorOf(
      runScore(
        { judge: { model: 'x', baseURL: 'https://example.com/v1', key: 'A_KEY' }, budget: 1 },
        { ...desk, env: { A_KEY: 'k' } },
      ),
    )
    expect(third.code).toBe('price-unknown')
  })

  it('spends no more over all parts of a table than its budget, and asks before it spends what the whole would cost', async () => {
    const judge = await scripted()
    const desk = await bench(6)
    const priced = impatient(judge, { price: { input: 1000, output: 0 } })
    const settings = { judge: priced, concurrency: 1, confirmAbove: 1000, budget: 3 }
    for (const [from, to] of [
      [0, 3],
      [3, 6],
    ]) {
      const part = { ...desk, table: { ...desk.table, rows: desk.table.rows.slice(from, to) }, share: 0.5 }
      const before = judge.calls.length
      const { table } = await runScore(settings, part)
      expect(judge.calls.length - before).toBe(2)
      expect(table.rows.at(-1)?.missing?.hs).toContain("this part's share of the budget of $3 is spent")
    }
    const part = { ...desk, table: { ...desk.table, rows: desk.table.rows.slice(0, 3) }, share: 0.5 }
    // The open question alone would pass; the whole table costs twice what its half does.
    const error = await errorOf(runScore({ ...settings, budget: 100, confirmAbove: 0.5 }, part))
    expect(error.code).toBe('judge-cost')
    expect(judge.calls).toHaveLength(4)
  })

  it('leaves the key in no file, event, result or error', async () => {
    const canary = 'sk-canary-Zm9vYmFy/42+%'
    // A server that echoes the key wherever it can.
    const judge = await scripted({
      script: ({ authorization, nth }): Act => {
        if (nth === 0) return { do: 'status', status: 500, message: `bad ${authorization}` }
        if (nth === 1)
          return { do: 'reset-mid-body', text: `${authorization} ${encodeURIComponent(canary)}`.repeat(50) }
        return { do: 'answer', text: JSON.stringify({ elements: [{ what: authorization }], score: 3 }) }
      },
    })
    const desk = await bench(2, ['a'], { env: { OPENAI_API_KEY: 'other', CANARY_KEY: canary } })
    const settings = { judge: impatient(judge, { key: 'CANARY_KEY' }), repeats: 2 }
    const { result, events } = await runScore(settings, desk)
    expect(judge.calls.every(({ authorization }) => authorization === `Bearer ${canary}`)).toBe(true)
    expect(JSON.stringify(result)).toContain('[key]')
    const denied = await scripted({
      // Written as PHP writes JSON.
      script: ({ authorization }) => {
        const error = { message: `Incorrect API key: ${authorization}` }
        return { do: 'body', status: 401, body: JSON.stringify({ error }).replaceAll('/', '\\/') }
      },
    })
    const error = await errorOf(runScore({ judge: impatient(denied, { key: 'CANARY_KEY' }) }, desk))
    expect(error).toMatchObject({ code: 'judge-unauthorised', message: expect.stringContaining('[key]') })
    const texts = [JSON.stringify(result), JSON.stringify(events), JSON.stringify(error)]
    for (const entry of await readdir(desk.store.root, { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) texts.push(await readFile(join(entry.parentPath, entry.name), 'latin1'))
    }
    expect(texts.length).toBeGreaterThan(10)
    for (const text of texts) {
      for (const form of [canary, encodeURIComponent(canary), Buffer.from(canary).toString('base64')]) {
        expect(text.includes(form)).toBe(false)
      }
    }
  })
})

/** Faults that every further question would meet as well. */
const CERTAIN = ['judge-unknown', 'judge-quota', 'judge-redirected']

describe('trouble', () => {
  it('ends every row right or with its reason when 30 % of the questions meet a fault, and asks nothing again', async () => {
    const judge = await scripted({ script: faulty(0.3), latency: 5 })
    const desk = await bench(60, ['a', 'b'])
    const run = () => runScore({ judge: impatient(judge, { timeout: 10 }), concurrency: 16 }, desk)
    const first = await run()
    const scores = new Set(judge.calls.map(({ key }) => scoreFor(key)))
    let failed = 0
    for (const { values, missing } of first.table.rows) {
      if (values.hs !== null) expect(scores.has(values.hs as number)).toBe(true)
      else {
        failed++
        expect(missing?.hs).toMatch(/refused|outside 1 to 5|no JSON/)
      }
    }
    expect(failed).toBeGreaterThan(0)
    expect(failed).toBeLessThan(30)
    // What arrived is kept, also what could not be used.
    expect(await countRecords(desk, ANSWER_SPACE)).toBe(judge.paid.size)
    expect(await countRecords(desk, PARTIAL_SPACE)).toBeGreaterThan(0)
    const calls = judge.calls.length
    const second = await run()
    expect(judge.calls).toHaveLength(calls)
    expect(second.table).toEqual(first.table)
  }, 120_000)

  it.each<[string, Act, string, string]>([
    ['answers 429', { do: 'status', status: 429 }, 'judge-rate-limited', 'answered 429 (too many requests)'],
    ['answers 500', { do: 'status', status: 500 }, 'judge-server', 'answered 500'],
    ['hangs', { do: 'hang' }, 'judge-timeout', 'gave no answer within 0.6 s'],
    [
      'hangs in the middle',
      { do: 'hang-mid-body', text: 'x'.repeat(200) },
      'judge-timeout',
      'gave no complete answer',
    ],
    ['breaks the connection', { do: 'reset' }, 'judge-reset', 'broke the connection'],
    [
      'knows no such model',
      { do: 'status', status: 404, message: 'no model "scripted"' },
      'judge-unknown',
      'no model "scripted"',
    ],
    [
      'is out of credit',
      { do: 'status', status: 429, message: 'You exceeded your current quota' },
      'judge-quota',
      'exceeded your current quota',
    ],
    [
      'redirects',
      { do: 'status', status: 307, headers: { location: 'https://evil.example/' } },
      'judge-redirected',
      'answered 307',
    ],
    [
      'rejects a parameter',
      { do: 'status', status: 400, message: "Unsupported value: 'temperature'" },
      'judge-rejected',
      'temperature',
    ],
    [
      'rejects a request in the manner of vLLM',
      { do: 'body', status: 400, body: '{"object":"error","message":"at most 2 images"}' },
      'judge-rejected',
      'answered 400: at most 2 images',
    ],
    [
      'rejects a request in the manner of FastAPI',
      { do: 'body', status: 422, body: '{"detail":"Field required"}' },
      'judge-rejected',
      'answered 422: Field required',
    ],
    [
      'rejects a request with a page',
      { do: 'body', status: 400, body: '<html>Bad request</html>' },
      'judge-rejected',
      'answered 400: <html>Bad request</html>',
    ],
  ])('says host, what happened and what to do when the endpoint %s', async (_, act, code, message) => {
    const judge = await scripted({ script: () => act })
    // Short only where nothing comes: an answer that is late on a busy machine is another fault.
    const timeout = act.do.startsWith('hang') ? 0.6 : 60
    const settings = { judge: impatient(judge, { timeout }), concurrency: 2 }
    const error = await errorOf(runScore(settings, await bench(12)))
    expect(error.code).toBe(code)
    expect(error.message).toContain(new URL(judge.url).host)
    expect(error.message).toContain(message)
    expect(error.remedy).toBeTruthy()
    // Who answers nobody is not asked for every row: at once where that is certain, otherwise after a few.
    expect(judge.calls.length).toBeLessThanOrEqual(CERTAIN.includes(code) ? 2 : 7 * 4)
  })

  it('believes the status of an error whose body breaks off', async () => {
    const judge = createServer(socket => {
      socket.on('error', () => {})
      socket.once('data', () => {
        socket.write('HTTP/1.1 401 Unauthorized\r\ncontent-length: 100\r\n\r\n{"error":')
        setTimeout(() => socket.resetAndDestroy(), 100)
      })
    }).listen(0)
    const { port } = judge.address() as { port: number }
    const settings = { judge: impatient({ url: `http://127.0.0.1:${port}/v1` }), concurrency: 1 }
    const error = await errorOf(runScore(settings, await bench(2)))
    judge.close()
    expect(error.code).toBe('judge-unauthorised')
  })

  it('reads an answer that is compressed though nobody asked for it', async () => {
    const judge = createHttpServer((request, response) => {
      const answer = envelope('/chat/completions', { do: 'answer', text: wellFormed(4) })
      response.writeHead(200, { 'content-encoding': 'gzip' })
      request.resume().on('end', () => response.end(gzipSync(JSON.stringify(answer))))
    }).listen(0)
    const { port } = judge.address() as { port: number }
    const { table } = await runScore(
      { judge: impatient({ url: `http://127.0.0.1:${port}/v1` }) },
      await bench(2),
    )
    judge.close()
    judge.closeAllConnections()
    expect(table.rows.map(({ values }) => values.hs)).toEqual([4, 4])
  })

  it('says so when nobody listens at the address', async () => {
    const server = createServer().listen(0)
    const { port } = server.address() as { port: number }
    await new Promise(resolve => server.close(resolve))
    const error = await errorOf(
      runScore({ judge: impatient({ url: `http://127.0.0.1:${port}/v1` }) }, await bench(2)),
    )
    expect(error).toMatchObject({
      code: 'judge-refused',
      message: expect.stringContaining(`127.0.0.1:${port} refused the connection`),
    })
  })

  it('marks rows whose answers are nonsense, and keeps the others', async () => {
    let first: string | undefined
    const judge = await scripted({
      script: ({ key }) => {
        first ??= key.slice(0, 64)
        return key.startsWith(first) ? { do: 'body', body: '<html>' } : { do: 'answer', text: wellFormed(4) }
      },
    })
    const { table, result } = await runScore({ judge: impatient(judge), concurrency: 1 }, await bench(3))
    expect(table.rows.map(({ values }) => values.hs)).toEqual([null, 4, 4])
    expect(table.rows[0].missing?.hs).toBe(
      'the answer cannot be used: the response is not one of the API (3 answers, none usable)',
    )
    // Its answers are known and final, so the result may be kept.
    expect(result.cacheable).toBe(true)
  })

  it('falls back from JSON schema to JSON mode to plain text on servers that know less', async () => {
    for (const knows of ['json_object', undefined]) {
      const judge = await scripted({
        script: ({ body }) => {
          const type = (body.response_format as { type: string } | undefined)?.type
          if (type === knows || type === undefined) return { do: 'answer', text: wellFormed(2) }
          return { do: 'status', status: 400, message: `response_format ${type} is not supported` }
        },
      })
      const { table } = await runScore({ judge: impatient(judge), concurrency: 1 }, await bench(2))
      expect(table.rows.map(({ values }) => values.hs)).toEqual([2, 2])
      expect(judge.calls).toHaveLength(knows ? 3 : 4)
    }
  })

  it('waits as long as Retry-After says', async () => {
    const times: number[] = []
    const judge = await scripted({
      script: ({ nth }) => {
        times.push(performance.now())
        return nth === 0
          ? { do: 'status', status: 429, headers: { 'retry-after': '0.3' } }
          : { do: 'answer', text: wellFormed(5) }
      },
    })
    await runScore({ judge: impatient(judge) }, await bench(1))
    expect(times[1] - times[0]).toBeGreaterThanOrEqual(299)
  })

  it('stops within a second when it is interrupted, and keeps what was answered', async () => {
    let answers = 4
    const judge = await scripted({
      script: () => (answers-- > 0 ? { do: 'answer', text: wellFormed(3) } : { do: 'hang' }),
    })
    const stop = new AbortController()
    let stopped = 0
    const desk = await bench(20, ['a'], {
      signal: stop.signal,
      onEvent(event) {
        if (event.type !== 'progress' || event.unit !== 'answers' || event.done < 4) return
        stopped = performance.now()
        stop.abort(new Error('interrupted'))
      },
    })
    const running = runScore({ judge: impatient(judge, { timeout: 60 }), concurrency: 2 }, desk)
    await expect(running).rejects.toThrow('interrupted')
    expect(performance.now() - stopped).toBeLessThan(1000)
    expect(await countRecords(desk, ANSWER_SPACE)).toBe(4)
  })

  it('leaves out one of several judges that answers nobody', async () => {
    const [good, bad] = [await scripted(), await scripted({ script: () => ({ do: 'status', status: 403 }) })]
    const { table, notes, result } = await runScore(
      { judge: [impatient(bad, { name: 'bad' }), impatient(good, { name: 'good' })] },
      await bench(2),
    )
    expect(table.rows.every(({ values }) => values.hs_n === 1)).toBe(true)
    expect(notes.join()).toContain('bad is left out')
    expect(result.cacheable).toBe(false)
  })
})

describe('recorded answers', () => {
  const line = (image: string, method: string, pass: number, score: unknown) =>
    JSON.stringify({
      image,
      method,
      pass,
      score,
      elements: [{ what: 'x', where: 'y', kind: 'P1', severity: 2 }],
    })

  it('are joined by image and method, and every mismatch is told', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mirage-answers-'))
    const lines = [
      line('image-0', 'a', 0, 3),
      line('image-0', 'a', 1, 4),
      line('image-1', 'a', 0, 9),
      line('image-9', 'a', 0, 3),
    ]
    await writeFile(join(folder, 'answers.jsonl'), `${lines.join('\n')}\n`)
    const desk = await bench(3, ['a'], { folder })
    const { table, notes } = await runScore({ judge: { answers: 'answers.jsonl' } }, desk)
    expect(table.rows.map(({ values }) => [values.hs, values.hs_n])).toEqual([
      [3.5, 2],
      [null, 0],
      [null, 0],
    ])
    expect(table.rows[1].missing?.hs).toContain('its score is 9, outside 1 to 5')
    expect(notes).toEqual([
      'The scores are 4 recorded answers from answers.jsonl, joined by image and method; no judge was asked.',
      '1 of 3 rows have no recorded answer: image-2 a.',
      '1 recorded images are not in the table: image-9 a.',
    ])
  })

  it('may call methods by other names', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mirage-answers-'))
    await writeFile(join(folder, 'answers.jsonl'), line('image-0', 'old-name', 0, 3))
    const settings = { judge: { answers: 'answers.jsonl', methods: { 'old-name': 'a' } } }
    expect((await runScore(settings, await bench(1, ['a'], { folder }))).table.rows[0].values.hs).toBe(3)
  })

  it('name the line that cannot be read', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mirage-answers-'))
    await writeFile(join(folder, 'answers.jsonl'), `${line('a', 'b', 0, 1)}\n{"image": 3}\n`)
    const error = await errorOf(
      runScore({ judge: { answers: 'answers.jsonl' } }, await bench(1, ['a'], { folder })),
    )
    expect(error).toMatchObject({
      code: 'answers-malformed',
      message: expect.stringContaining('Line 2 of answers.jsonl'),
    })
  })
})
