// 1. Planning a study of 100,000 images on a cluster: the image files are looked at, the first step's result is read and
//    cut into 64 shards, and the pieces are submitted (to a stand-in that answers with a number: no time of Slurm is in
//    it). Fails above 5 s or 500 MB.
// 2. Collecting 100,000 rows of `infer`, of `metrics` and of `score` from 64 shards. The shards' compute and their judge
//    are stand-ins that answer at once; the collection asks neither. Fails above 10 s each.
// 3. On a real Slurm with two nodes on this machine (root on Linux): an array of 200 shards, one of which has work, over
//    an array of 200 times `true`. Fails above 1.1. Beside it, 20 tasks that each have one small image to work on.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { runOnCluster } from '../src/kernel/cluster/cluster-run.ts'
import type { PlannedPiece } from '../src/kernel/cluster/pieces.ts'
import { readProfile } from '../src/kernel/cluster/profile.ts'
import { batchScript } from '../src/kernel/cluster/script.ts'
import { prepareTasks } from '../src/kernel/cluster/task-files.ts'
import type { Compute } from '../src/kernel/compute/compute.ts'
import { runRequest, type Study } from '../src/kernel/protocol/messages.ts'
import type { Language } from '../src/kernel/session/program.ts'
import type { RunRecord } from '../src/kernel/session/run-record.ts'
import { Session } from '../src/kernel/session/session.ts'
import { STEPS } from '../src/kernel/steps/index.ts'
import { promptCell } from '../src/kernel/steps/prompt.ts'
import { scriptCell } from '../src/kernel/steps/script.ts'
import { createFolderStore } from '../src/kernel/store/folder-store.ts'
import { envelope, wellFormed } from '../test/fixtures/scripted-judge.ts'
import { canRunSlurm, startSlurm } from '../test/support/slurm-cluster.ts'
import { studyFolder, studyOf } from '../test/support/study-folder.ts'

const IMAGES = Number(process.env.MIRAGE_BENCH_IMAGES ?? 100_000)
const SHARDS = 64
const LIMITS = { planSeconds: 5, planMegabytes: 500, collectSeconds: 10, overhead: 1.1 }

const language: Language = { steps: STEPS, prompt: promptCell, script: scriptCell(STEPS) }
const fence = (id: string, text: string) => `\`\`\`yaml mirage id=${id}\n${text}\n\`\`\`\n`
const TEXT = [
  fence('load', 'triplets: { lr: lr/*.png, scale: 4, as: photos }'),
  fence('sr', 'infer: { of: photos, model: bicubic, as: upscaled }'),
  fence('m', 'metrics: { of: upscaled, use: [psnr, ssim, lr-consistency], as: measured }'),
  fence('hs', 'score: { of: measured, mode: lr, judge: { model: gpt-4o }, confirmAbove: 1e6, as: judged }'),
].join('')

const hash = (text: string) => createHash('sha256').update(text).digest('hex')
const image = (name: string, side: number) => ({
  hash: hash(name),
  width: side,
  height: side,
  mime: 'image/png',
  name,
})

/** Answers every row at once, with numbers that differ from row to row; refuses to work when it is not expected to. */
function instantCompute(allowed: boolean, keep: (hash: string) => Promise<void> = async () => {}): Compute {
  const answers: Record<string, (row: never) => unknown> = {
    ingest: ({ name }: { name: string }) => ({ image: image(name, 64), converted: [] }),
    infer: ({ id }: { id: string }) => ({
      id,
      sr: image(`sr ${id}`, 256),
      provider: 'cpu',
      tiles: 1,
      seconds: 0.1,
      notes: [],
      cached: false,
    }),
    measure: ({ images }: { images: { lr: { hash: string } } }) => {
      const x = Number.parseInt(images.lr.hash.slice(0, 8), 16) / 2 ** 32
      return { values: { psnr: 20 + x, ssim: x, 'lr-consistency': 40 + x }, missing: {}, overlays: [] }
    },
    'judge-images': ({ source }: { source: string }) => {
      const shown = image(`shown ${source}`, 64)
      return { ...shown, bytes: 100 }
    },
  }
  return {
    async run(job, params) {
      // A still picture of an output, which is the same small work however many rows there are.
      if (job === 'picture') return hash('picture') as never
      if (!allowed) throw new Error(`the collection asked for ${job}`)
      const { files, images, rows } = params as Record<string, unknown[] | undefined>
      const made = (files ?? images ?? rows)?.map(row => answers[job](row as never))
      // What is sent to a judge is read from the store.
      if (job === 'judge-images') for (const { hash } of made as { hash: string }[]) await keep(hash)
      return made as never
    },
  }
}

/** Answers every question at once; processes that are started from now on know where. */
async function startInstantJudge(): Promise<Server> {
  const answer = JSON.stringify(envelope('/chat/completions', { do: 'answer', text: wellFormed(4) }))
  const server = createServer(
    (request, response) => void request.resume().on('end', () => response.end(answer)),
  )
  await once(server.listen(0, '127.0.0.1'), 'listening')
  process.env.OPENAI_BASE_URL = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
  return server
}

const NO_RECORD: RunRecord = {
  lastKey: async () => undefined,
  succeeded: async () => {},
  failed: async () => {},
  finish: async () => {},
}

function openSession(study: Study, compute: Compute): Session {
  return new Session({
    path: study.path,
    store: createFolderStore(join(study.path, '..', '.mirage-cache')),
    compute,
    language,
    record: NO_RECORD,
    env: { OPENAI_API_KEY: 'sk-bench', OPENAI_BASE_URL: process.env.OPENAI_BASE_URL },
    emit: event => {
      if (event.type === 'ended' && event.outcome.kind === 'failed')
        throw new Error(JSON.stringify(event.outcome))
    },
    log: console.error,
    redact: text => text,
  })
}

const requestOf = (study: Study, cell: string, options: object) =>
  runRequest.parse({ study, cells: [cell], options: { record: false, ...options } })

// ---- In a process of its own, so that time and memory are those of one command.

async function plan(study: Study): Promise<void> {
  let job = 0
  await runOnCluster(runRequest.parse({ study, cells: study.cells.map(({ id }) => id) }), {
    slurm: { submit: async () => String(++job), tasks: async () => [], cancel: async () => {} },
    session: openSession(study, instantCompute(false)),
    store: createFolderStore(join(study.path, '..', '.mirage-cache')),
    language,
    profile: readProfile({ shards: SHARDS }, 'the benchmark'),
    command: 'mirage',
    signal: new AbortController().signal,
    resume: false,
    detach: true,
    run: 'bench',
    emit() {},
    note() {},
  })
}

/** As a task does: what was done before is taken by its key. */
async function collect(study: Study, cell: string): Promise<void> {
  const session = openSession(study, instantCompute(false))
  session.take(JSON.parse(readFileSync(join(study.path, '..', 'keys.json'), 'utf8')))
  await session.run(requestOf(study, cell, { parts: SHARDS }))
}

async function inChild(mode: string, folder: string): Promise<void> {
  const study = studyOf(join(folder, 'study.mirage.md'), TEXT)
  const started = performance.now()
  if (mode === 'plan') await plan(study)
  else await collect(study, mode)
  const seconds = (performance.now() - started) / 1000
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage()
  console.log(JSON.stringify({ seconds, cpu: (userCPUTime + systemCPUTime) / 1e6, megabytes: maxRSS / 1024 }))
}

function measured(mode: string, folder: string): { seconds: number; cpu: number; megabytes: number } {
  const child = spawnSync(process.execPath, [process.argv[1], mode, folder], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, UV_THREADPOOL_SIZE: '16' },
  })
  if (child.status !== 0) throw new Error(`${mode} failed`)
  return JSON.parse(child.stdout.trim().split('\n').at(-1)!)
}

let failed = false
function tell(what: string, value: number, limit: number | undefined, unit: string): void {
  const over = limit !== undefined && value > limit
  failed ||= over
  const bar = limit === undefined ? '' : ` (limit ${limit}${over ? ', FAILED' : ''})`
  console.log(`${what}: ${value.toPrecision(3)} ${unit}${bar}`)
}

async function planningAndCollecting(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'mirage-bench-'))
  const judge = await startInstantJudge()
  try {
    const study = studyOf(join(folder, 'study.mirage.md'), TEXT)
    mkdirSync(join(folder, 'lr'))
    const past = new Date(Date.now() - 60_000)
    for (let i = 0; i < IMAGES; i++) {
      const path = join(folder, 'lr', `image-${i}.png`)
      writeFileSync(path, `${i}`)
      utimesSync(path, past, past)
    }
    const store = createFolderStore(join(folder, '.mirage-cache'))
    const keep = async (hash: string) => {
      mkdirSync(dirname(store.objectPath(hash)), { recursive: true })
      writeFileSync(store.objectPath(hash), hash)
    }
    const session = openSession(study, instantCompute(true, keep))
    await session.run(requestOf(study, 'load', {}))
    const keys: [string, string][] = [['load', session.keyOf('load')!]]
    session.take(keys)
    writeFileSync(join(folder, 'keys.json'), JSON.stringify(keys))

    const planned = measured('plan', folder)
    tell(`planning ${IMAGES} images`, planned.seconds, LIMITS.planSeconds, 's')
    tell(`planning ${IMAGES} images, start-up included`, planned.cpu, undefined, 's of CPU')
    tell(`planning ${IMAGES} images`, planned.megabytes, LIMITS.planMegabytes, 'MB')
    for (const cell of ['sr', 'm', 'hs']) {
      for (let index = 0; index < SHARDS; index++)
        await session.run(requestOf(study, cell, { shard: { index, count: SHARDS } }))
      const { seconds, cpu, megabytes } = measured(cell, folder)
      tell(`collecting ${IMAGES} rows of ${cell}`, seconds, LIMITS.collectSeconds, 's')
      tell(`collecting ${IMAGES} rows of ${cell}, start-up included`, cpu, undefined, 's of CPU')
      tell(`collecting ${IMAGES} rows of ${cell}`, megabytes, undefined, 'MB')
      await session.run(requestOf(study, cell, { parts: SHARDS }))
      keys.push([cell, session.keyOf(cell)!])
      session.take(keys)
      writeFileSync(join(folder, 'keys.json'), JSON.stringify(keys))
    }
  } finally {
    judge.close()
    judge.closeAllConnections()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function overhead(): Promise<void> {
  await using cluster = await startSlurm()
  await using folder = await studyFolder({ count: 20 })
  const env = { ...process.env, ...cluster.env }
  const path = await folder.write(
    fence('load', 'triplets: { lr: lr/*.png, gt: hr/*.png, scale: 4, as: photos }') +
      fence('sr', 'infer: { of: photos, model: bicubic, as: upscaled }'),
  )
  const cli = [process.execPath, '--enable-source-maps', resolve('dist/cli.mjs')]
  const mirage = (args: string[]) => spawnSync(cli[0], [...cli.slice(1), ...args], { env, encoding: 'utf8' })
  const loaded = mirage(['run', path, '--cell', 'load'])
  if (loaded.status !== 0) throw new Error(loaded.stdout + loaded.stderr)
  const home = folder.file('.mirage-cache/cluster/bench')
  mkdirSync(join(home, 'logs'), { recursive: true })
  const study = studyOf(path, readFileSync(path, 'utf8'))
  writeFileSync(join(home, 'study.json'), JSON.stringify(study))

  const seconds = (script: string) => {
    const started = performance.now()
    const { status, stderr } = spawnSync('sbatch', ['--wait', '-o', '/dev/null'], {
      env,
      input: script,
      encoding: 'utf8',
    })
    if (status !== 0) throw new Error(`sbatch: ${stderr}`)
    return (performance.now() - started) / 1000
  }
  const bare = (count: number) => seconds(`#!/bin/bash\n#SBATCH --array=0-${count - 1}\ntrue\n`)
  const sharded = async (count: number, open: number[]) => {
    const piece = { id: 'sr.shards', cell: 'sr', step: 'infer', kind: 'shards' as const, needs: [] }
    const shards = Array.from({ length: count }, (_, index) => index)
    const planned: PlannedPiece[] = [{ piece, shards, count }]
    await prepareTasks(home, planned, new Map())
    writeFileSync(join(home, 'sr.shards.open'), open.map(index => `${index}\n`).join(''))
    const profile = readProfile({ shards: count }, 'the benchmark')
    const snapshot = join(home, 'study.json')
    const options = {
      piece,
      profile,
      study: path,
      snapshot,
      folder: home,
      submission: 'bench',
      command: cli.join(' '),
      wishes: {},
      shards,
    }
    return seconds(batchScript(options))
  }
  const count = 200
  const own = bare(count)
  const empty = await sharded(count, [0])
  console.log(`array of ${count}: \`true\` ${own.toFixed(1)} s, shards ${empty.toFixed(1)} s`)
  tell(`${count} shards over as many times \`true\``, empty / own, LIMITS.overhead, '')
  const few = 20
  const ownFew = bare(few)
  const small = await sharded(
    few,
    Array.from({ length: few }, (_, index) => index),
  )
  console.log(
    `array of ${few}: \`true\` ${ownFew.toFixed(1)} s, a small image each ${small.toFixed(1)} s: ${((small - ownFew) / few).toFixed(2)} s per task for starting Mirage twice over (command and kernel) and for the work`,
  )
}

const [mode, folder] = process.argv.slice(2)
if (mode) await inChild(mode, folder)
else {
  if (IMAGES > 0) await planningAndCollecting()
  if (!canRunSlurm || !existsSync('dist/cli.mjs'))
    console.log('skipped: the overhead on Slurm needs Linux, root and a build')
  else await overhead()
  process.exit(failed ? 1 : 0)
}
