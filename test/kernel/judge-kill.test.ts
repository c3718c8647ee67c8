import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, it } from 'vitest'
import { ANSWER_SPACE } from '../../src/kernel/judge/answers/answer-store.ts'
import { createRng } from '../../src/kernel/stats/resampling/rng.ts'
import { createFolderStore } from '../../src/kernel/store/folder-store.ts'
import type { Store } from '../../src/kernel/store/store.ts'
import type { StudyTable } from '../../src/kernel/value.ts'
import { syntheticTable, temporaryStore } from '../fixtures/judge-bench.ts'
import { faulty, type ScriptedJudge, startScriptedJudge } from '../fixtures/scripted-judge.ts'

const IMAGES = 110
const KILLS = 20

let judge: ScriptedJudge
afterEach(() => judge.close())

/** When a process is killed: so many milliseconds after its nth line. */
interface Death {
  line: number
  milliseconds: number
}

/** One life of the process: until it is done, or until its death. */
async function live(store: Store, table: string, death?: Death): Promise<StudyTable | undefined> {
  const settings = {
    judge: {
      model: 'scripted',
      baseURL: judge.url,
      timeout: 2.5,
      retry: { attempts: 6, pause: 0.01, longest: 0.1 },
    },
    concurrency: 4,
  }
  const script = fileURLToPath(new URL('../fixtures/judge-run.ts', import.meta.url))
  const child = spawn(process.execPath, [script, store.root, table, JSON.stringify(settings)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let printed = ''
  child.stdout.on('data', chunk => {
    printed += chunk
    if (death && printed.split('\n').length > death.line)
      setTimeout(() => child.kill('SIGKILL'), death.milliseconds)
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return code === 0 ? (JSON.parse(printed.trim().split('\n').at(-1)!) as StudyTable) : undefined
}

/** Stored answers, as the server knows them. */
async function stored(store: Store): Promise<Set<string>> {
  const keys = new Set<string>()
  for await (const name of store.listRecords(ANSWER_SPACE)) {
    const [key, attempt = '0'] = name.split('.')
    keys.add(`${key}-${attempt}`)
  }
  return keys
}

it(`gives the same table for the same paid calls when it is killed ${KILLS} times and run again, with faults in 30 % of the answers`, async () => {
  const store = await temporaryStore()
  const folder = await mkdtemp(join(tmpdir(), 'mirage-kill-'))
  const table = join(folder, 'table.json')
  await writeFile(table, JSON.stringify(await syntheticTable(store, IMAGES, ['a', 'b'])))
  await cp(store.root, join(folder, 'store'), { recursive: true })

  judge = await startScriptedJudge({ script: faulty(0.3), latency: 20 })
  const undisturbed = await live(createFolderStore(join(folder, 'store')), table)
  const paid = new Set(judge.paid)
  await judge.close()

  // At the same address, because the address is part of every question.
  judge = await startScriptedJudge({
    script: faulty(0.3),
    latency: 20,
    port: Number(new URL(judge.url).port),
  })
  const rng = createRng(4)
  const grown = new Set<number>()
  let result: StudyTable | undefined
  let killed = 0
  while (result === undefined) {
    const known = await stored(store)
    grown.add(known.size)
    const before = judge.calls.length
    // Some die while images are prepared or the first answer is awaited, the others after a few answers.
    const death = { line: rng.below(9), milliseconds: 40 * rng.uniform() }
    result = await live(store, table, killed < KILLS ? death : undefined)
    if (result === undefined) killed++
    // What was stored when a process died is never asked for again.
    for (const { key } of judge.calls.slice(before)) expect(known.has(key)).toBe(false)
  }

  expect(killed).toBe(KILLS)
  // The deaths were spread over the work.
  expect(grown.size).toBeGreaterThan(KILLS / 2)
  expect(result).toEqual(undisturbed)
  expect(judge.paid).toEqual(paid)
}, 600_000)
