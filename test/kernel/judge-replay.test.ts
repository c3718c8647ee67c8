import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { packReplay, unpackReplay } from '../../src/kernel/judge/answers/replay.ts'
import {
  type Bench,
  inProcessCompute,
  type Ran,
  runScore,
  syntheticTable,
  temporaryStore,
} from '../fixtures/judge-bench.ts'
import { faulty, type ScriptedJudge, startScriptedJudge } from '../fixtures/scripted-judge.ts'

let judge: ScriptedJudge
afterEach(() => judge.close())

const bundlePath = async () => join(await mkdtemp(join(tmpdir(), 'mirage-replay-')), 'bundle', 'replay.jsonl')

const usesOf = ({ result }: Ran): string[] =>
  (result.lock as { judges: { uses: string }[] }).judges.map(({ uses }) => uses)

/** A run with trouble in it, packed, and an empty store with the same images to replay it in. */
async function packed() {
  judge = await startScriptedJudge({ script: faulty(0.5) })
  const store = await temporaryStore()
  const table = await syntheticTable(store, 12, ['a', 'b'])
  const settings = {
    judge: { model: 'scripted', baseURL: judge.url, timeout: 4, retry: { attempts: 4, pause: 0.01 } },
    repeats: 2,
    concurrency: 8,
  }
  const recorded = await runScore(settings, { store, table })
  const path = await bundlePath()
  const answers = await packReplay(store, usesOf(recorded), path)
  const elsewhere = await temporaryStore()
  const bench: Bench = {
    store: elsewhere,
    table: await syntheticTable(elsewhere, 12, ['a', 'b']),
    replay: path,
  }
  return { settings, recorded, path, answers, bench, store }
}

describe('a replay bundle', () => {
  it('reproduces every score, failure and lock without a server, and fails loudly on another question', async () => {
    const { settings, recorded, path, answers, bench, store } = await packed()
    await judge.close()
    const replayed = await runScore(settings, bench)
    expect(replayed.table).toEqual(recorded.table)
    expect(replayed.result.lock).toEqual(recorded.result.lock)
    expect(replayed.notes.join()).toContain('come from the replay bundle')
    expect(answers).toBe(judge.paid.size)

    await expect(runScore({ ...settings, repeats: 3 }, bench)).rejects.toMatchObject({
      info: {
        code: 'replay-missing',
        message: expect.stringMatching(/no answer of scripted about image-\d+ \([ab]\), repeat 3/),
      },
    })
    const other = join(await mkdtemp(join(tmpdir(), 'mirage-replay-')), 'again.jsonl')
    await packReplay(store, usesOf(recorded), other)
    expect(await readFile(other)).toEqual(await readFile(path))
  })

  it('finds its answers where images would be encoded to other bytes', async () => {
    const { settings, recorded, bench } = await packed()
    const compute = inProcessCompute(bench.store)
    const replayed = await runScore(settings, {
      ...bench,
      compute: {
        run: (job, ...rest) =>
          job === 'judge-images' ? Promise.reject(new Error('encoded anew')) : compute.run(job, ...rest),
      },
    })
    expect(replayed.table).toEqual(recorded.table)
  })

  it('can be unpacked into a store, whose answers are then used without a call', async () => {
    const { settings, recorded, path, answers, bench } = await packed()
    expect(await unpackReplay(bench.store, path)).toBe(answers)
    const calls = judge.calls.length
    const { table } = await runScore(settings, { ...bench, replay: undefined, offline: true })
    expect(table).toEqual(recorded.table)
    expect(judge.calls).toHaveLength(calls)
  })

  it('is refused when an answer was moved to another question, or a line is damaged', async () => {
    const { settings, path, bench } = await packed()
    const lines = (await readFile(path, 'utf8')).split('\n')
    const at = lines.findIndex(line => line.includes('"space":"answer"'))
    const swapped = lines.with(at, lines[at].replace('"repeat":', '"repeat":7'))
    await writeFile(path, swapped.join('\n'))
    await expect(runScore(settings, bench)).rejects.toMatchObject({
      info: {
        code: 'replay-unreadable',
        message: expect.stringContaining('does not belong to its question'),
      },
    })
    await writeFile(path, lines.with(2, lines[2].slice(0, 20)).join('\n'))
    await expect(runScore(settings, bench)).rejects.toMatchObject({
      info: { code: 'replay-unreadable', message: expect.stringContaining('line 3') },
    })
    await expect(runScore(settings, { ...bench, replay: `${path}.gone` })).rejects.toMatchObject({
      info: { code: 'replay-unreadable' },
    })
  })

  it('is not packed when the store has lost something', async () => {
    const { recorded, path } = await packed()
    await expect(packReplay(await temporaryStore(), usesOf(recorded), path)).rejects.toMatchObject({
      info: { code: 'replay-incomplete' },
    })
  })
})
