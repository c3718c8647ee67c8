// 1. 1,000 questions to a scripted server (a process of its own, 50 ms before each answer) at concurrency 32: wall time
//    over the ideal 32 calls at once, and beside it a bare loop of fetch over the same requests. Fails above 1.1.
// 2. 10,000 stored answers (500 images x 5 methods x 4 repeats) are read and scored again. Fails above 3 s.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { runScore, syntheticTable, temporaryStore } from '../test/fixtures/judge-bench.ts'

const QUESTIONS = 1000
const CONCURRENCY = 32
const LATENCY = 50
const LIMIT_RATIO = 1.1
const CACHED = { images: 500, methods: ['a', 'b', 'c', 'd', 'e'], repeats: 4 }
const LIMIT_SECONDS = 3

if (process.env.UV_THREADPOOL_SIZE === undefined) {
  // As the kernel is started (src/kernel/protocol/client.ts); the pool's size is fixed when a process begins.
  const env = { ...process.env, UV_THREADPOOL_SIZE: '16' }
  process.exit(spawnSync(process.execPath, process.argv.slice(1), { stdio: 'inherit', env }).status ?? 1)
}

async function startServer(latency: number): Promise<{ url: string; stop(): void }> {
  const server = spawn(process.execPath, ['test/fixtures/scripted-judge.ts', String(latency)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(server.stdout, 'data')) as [Buffer]
  return { url: String(line).trim(), stop: () => server.kill() }
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await work()
  return (performance.now() - started) / 1000
}

/** Of five, because whatever else the machine does only adds. */
async function fastest(work: (n: number) => Promise<unknown>): Promise<number> {
  const times: number[] = []
  for (let n = 0; n < 5; n++) times.push(await seconds(() => work(n)))
  return Math.min(...times)
}

/** Node's own client: the requests, so many at once, each answer read. */
async function bareLoop(url: string, body: string): Promise<void> {
  let next = 0
  const worker = async () => {
    while (next++ < QUESTIONS) {
      const headers = {
        'content-type': 'application/json',
        'idempotency-key': `bare-${next}-${performance.now()}`,
      }
      await (await fetch(`${url}/chat/completions`, { method: 'POST', headers, body })).text()
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, worker))
}

const judgeAt = (url: string) => ({ model: 'scripted', baseURL: url })

const slow = await startServer(LATENCY)
const store = await temporaryStore()
const table = await syntheticTable(store, QUESTIONS, ['a'])
const ask = { judge: judgeAt(slow.url), concurrency: CONCURRENCY }
// Prepares the images, which is not what is measured, and asks nothing; then a kernel that has asked before.
await runScore(ask, { store, table, offline: true })
const first = { ...table, rows: table.rows.slice(0, 100) }
await runScore({ ...ask, judge: { ...ask.judge, model: 'warm' } }, { store, table: first })
await bareLoop(slow.url, JSON.stringify({ model: 'warm' }))
const ideal = (Math.ceil(QUESTIONS / CONCURRENCY) * LATENCY) / 1000
const body = JSON.stringify({ model: 'bare', filler: 'x'.repeat(4000) })
const bare = await fastest(() => bareLoop(slow.url, body))
const asked = await fastest(n =>
  runScore({ ...ask, judge: { ...ask.judge, model: `m${n}` } }, { store, table }),
)
slow.stop()
await rm(store.root, { recursive: true })
const ratio = asked / ideal
console.log(`${QUESTIONS} questions, ${LATENCY} ms each, ${CONCURRENCY} at once: ${asked.toFixed(2)} s`)
console.log(
  `ideal ${ideal.toFixed(2)} s: ratio ${ratio.toFixed(3)} (limit ${LIMIT_RATIO}); bare fetch loop ${bare.toFixed(2)} s`,
)

const quick = await startServer(0)
const large = await temporaryStore()
const rows = await syntheticTable(large, CACHED.images, CACHED.methods)
const cell = { judge: judgeAt(quick.url), repeats: CACHED.repeats, concurrency: 64 }
await runScore(cell, { store: large, table: rows })
quick.stop()
const again = await seconds(() => runScore(cell, { store: large, table: rows, offline: true }))
await rm(large.root, { recursive: true })
const answers = rows.rows.length * CACHED.repeats
console.log(
  `${answers} stored answers read and scored again: ${again.toFixed(2)} s (limit ${LIMIT_SECONDS} s)`,
)

process.exit(ratio <= LIMIT_RATIO && again <= LIMIT_SECONDS ? 0 : 1)
