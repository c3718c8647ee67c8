import { execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { cp, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { TablePayload } from '../../src/kernel/protocol/mime.ts'
import {
  answerByHash,
  type Script,
  type ScriptedJudge,
  startScriptedJudge,
} from '../fixtures/scripted-judge.ts'
import { canRunSlurm, type SlurmCluster, startSlurm } from '../support/slurm-cluster.ts'
import {
  cell,
  hasSharedData,
  mirage,
  REPOSITORY,
  SHARED_DATA,
  type StudyFolder,
  studyFolder,
} from '../support/study-folder.ts'

// A real Slurm of two nodes on this machine. Its daemons must run as root, so elsewhere these tests say that they are
// skipped.
const clusterTest = canRunSlurm ? test : test.skip
const photographTest = canRunSlurm && hasSharedData ? test : test.skip

/** Milliseconds; on a machine that does nothing else a test takes a tenth of it. */
const TIMEOUT = 900_000

let cluster: SlurmCluster
let judge: ScriptedJudge
/** The judge does not answer questions that hold this image (the address of its data). */
let silentOn: string | undefined
beforeAll(async () => {
  if (!canRunSlurm) return console.warn('skipped: the Slurm tests need Linux and root')
  if (!hasSharedData) console.warn(`skipped: the photographs of ${SHARED_DATA} are not here`)
  cluster = await startSlurm()
}, 60_000)
afterAll(() => cluster?.[Symbol.asyncDispose](), 30_000)
// One for each test: a judge gives the answer to a question that it knows again, and is not paid for that.
beforeEach(async () => {
  silentOn = undefined
  judge = await startJudge(100)
})
afterEach(async () => {
  await judge.close()
  await cluster?.clear()
})

const startJudge = (latency: number, port?: number) =>
  startScriptedJudge({ script: answerByContent, latency, port })

/** Another judge at the same address, since the address belongs to the results. */
async function replaceJudge(latency: number): Promise<void> {
  const { port } = new URL(judge.url)
  await judge.close()
  judge = await startJudge(latency, Number(port))
}

// By what is asked alone, whoever asks.
const answerByContent: Script = call => {
  const asked = JSON.stringify(call.body.messages)
  if (silentOn !== undefined && asked.includes(silentOn)) return { do: 'hang' }
  return answerByHash({ ...call, key: createHash('sha256').update(asked).digest('hex') })
}

const front = (cluster: string) => `---\nformat: 1\nseed: 3\ncluster: { ${cluster} }\n---\n`
const load = cell('load', 'triplets: { lr: lr/*.png, gt: hr/*.png, scale: 4, as: photos }')
const judgeCell = (url: string, of = 'measured') =>
  cell(
    'hs',
    `score: { of: ${of}, judge: { model: scripted, baseURL: "${url}" }, repeats: 2, concurrency: 1, as: judged }`,
  )
const measure = cell('m', 'metrics: { of: upscaled, use: [psnr, ssim], as: measured }')
const save = cell('save', 'export: { of: judged, to: out.csv }')

const study = (url: string, cluster = 'shards: 3, memory: 900M') =>
  front(cluster) +
  load +
  cell('sr', 'infer: { of: photos, model: [realesr-general-x4v3, bicubic], as: upscaled }') +
  measure +
  judgeCell(url) +
  save

const env = () => ({ ...cluster.env, OPENAI_API_KEY: 'sk-scripted-000' })

/** What a run leaves: the exported table, and the hash of every cell's result. */
interface Outcome {
  table: string
  results: Record<string, string | undefined>
}

async function outcomeOf(folder: StudyFolder, path: string, table = 'out.csv'): Promise<Outcome> {
  return { table: await readFile(folder.file(table), 'utf8'), results: await resultsOf(path) }
}

async function resultsOf(path: string): Promise<Outcome['results']> {
  const lock = JSON.parse(await readFile(path.replace(/\.md$/, '.lock.json'), 'utf8'))
  const cells = Object.entries<{ result?: string }>(lock.cells)
  return Object.fromEntries(cells.map(([id, { result }]) => [id, result]))
}

/** What a run on this machine leaves, as `read` has it; all that it left is removed. */
async function ranHere<T>(folder: StudyFolder, path: string, read: () => Promise<T>): Promise<T> {
  const local = await mirage(['run', path])
  expect(local.code, local.stdout).toBe(0)
  const found = await read()
  for (const name of ['.mirage-cache', 'study.mirage.lock.json', 'study.mirage.outputs'])
    await rm(folder.file(name), { recursive: true, force: true })
  return found
}

/** The same study on one machine, with a cache and a judge of its own; nothing of it is left. */
async function localOutcome(folder: StudyFolder, text = study): Promise<Outcome> {
  await replaceJudge(0)
  const path = await folder.write(text(judge.url))
  const { code, stdout } = await mirage(['run', path], { OPENAI_API_KEY: 'sk-scripted-000' })
  expect(code, stdout).toBe(0)
  const outcome = await outcomeOf(folder, path)
  await replaceJudge(100)
  for (const name of await readdir(folder.path)) {
    if (!['lr', 'hr'].includes(name)) await rm(folder.file(name), { recursive: true, force: true })
  }
  return outcome
}

clusterTest(
  'a study on two nodes gives the results of a local run, byte for byte, pays for each answer once, and works on added images alone',
  async () => {
    await using folder = await studyFolder({ count: 7 })
    // The last one comes later.
    for (const role of ['lr', 'hr'])
      await rename(folder.file(`${role}/p6.png`), folder.file(`${role}/p6.later`))
    const expected = await localOutcome(folder)
    const path = await folder.write(study(judge.url, 'shards: 2, memory: 900M'))
    const { code, stdout } = await mirage(['run', path, '--on', 'slurm'], env())
    expect(code, stdout).toBe(0)
    expect(stdout).toMatch(/sr\.shards=\d+\[2\]/)
    expect(await outcomeOf(folder, path)).toEqual(expected)
    expect(judge.calls.length).toBe(6 * 2 * 2)

    const again = await mirage(['run', path, '--on', 'slurm'], env())
    expect(again.stdout).not.toContain('Submitted')
    expect(judge.calls.length).toBe(6 * 2 * 2)

    for (const role of ['lr', 'hr'])
      await rename(folder.file(`${role}/p6.later`), folder.file(`${role}/p6.png`))
    const added = await mirage(['run', path, '--on', 'slurm'], env())
    expect(added.code, added.stdout + added.stderr).toBe(0)
    expect(judge.calls.length).toBe(7 * 2 * 2)
    for (const piece of ['sr', 'm', 'hs']) {
      const open = await readFile(await lastSubmission(folder, `${piece}.shards.open`), 'utf8')
      expect(open, piece).toMatch(/^\d\n$/)
    }
  },
  TIMEOUT,
)

clusterTest(
  'a lost node, killed, preempted and requeued tasks cost nothing but time: --resume from another process completes the same results',
  async () => {
    await using folder = await studyFolder({ count: 6 })
    const expected = await localOutcome(folder)
    // Slow enough that there is always something to disturb.
    await replaceJudge(700)
    const path = await folder.write(study(judge.url))

    // Submitted by a machine that then goes away.
    const submitted = await mirage(['run', path, '--on', 'slurm', '--detach'], env())
    expect(submitted.code, submitted.stdout + submitted.stderr).toBe(0)
    using _ = hurry()
    const works = () => /mirage-(sr|m|hs)\.shards RUNNING/.test(running())
    await until(works)
    // Whoever may push others aside comes, and takes both nodes.
    const urgent = cluster.command(
      'sbatch',
      '--parsable',
      '-p',
      'urgent',
      '-N2',
      '-o',
      '/dev/null',
      '--wrap',
      'true',
    )
    await until(() => !running().includes(urgent.trim()))
    await until(() => requeued() > 0)
    await until(works)
    await cluster.killNode('n2')
    await cluster.startNode('n2')
    await until(works)
    await until(async () => (await killed(folder.path)) > 0)

    const { code, stdout } = await mirage(['run', path, '--on', 'slurm', '--resume'], env())
    expect(code, stdout).toBe(0)
    expect(await outcomeOf(folder, path)).toEqual(expected)
    expect(judge.paid.size).toBe(6 * 2 * 2)
  },
  TIMEOUT,
)

clusterTest(
  'a picture over which the model crashes costs its own row alone, as on one machine, and --resume does that one alone',
  async () => {
    await using folder = await studyFolder({ count: 6 })
    const program = join(REPOSITORY, 'test/fixtures/enlarge-folder.ts')
    const command = JSON.stringify([process.execPath, program, '{input}', '{output}', '{scale}', 'crash'])
    const text = (url: string) =>
      front('shards: 2, retries: 0') +
      load +
      cell('sr', `infer: { of: photos, model: { command: ${command}, name: own, scale: 4 }, as: upscaled }`) +
      judgeCell(url, 'upscaled') +
      save
    const expected = await localOutcome(folder, text)
    const poison = async () => {
      await mkdir(folder.file('poison'))
      await cp(folder.file('lr/p3.png'), folder.file('poison/p3.png'))
    }
    await poison()
    const without = await localOutcome(folder, text)
    expect(without.results.sr).not.toBe(expected.results.sr)
    expect(without.table.split('\n').find(line => line.startsWith('p3,'))).toMatch(/^p3,own,,/)

    await poison()
    const path = await folder.write(text(judge.url))
    const { code, stdout, stderr } = await mirage(['run', path, '--on', 'slurm'], env())
    expect(code, stdout + stderr).toBe(0)
    expect(await outcomeOf(folder, path)).toEqual(without)
    expect(stdout + stderr).toMatch(/p3 by own: .*SIGSEGV/)
    expect(stdout + stderr).toContain('--resume')
    const rows = await unfinished(folder)
    expect(rows).toMatchObject([{ row: 'p3', cell: 'sr', reason: expect.stringContaining('SIGSEGV') }])
    expect(judge.calls).toHaveLength(5 * 2)

    await rm(folder.file('poison'), { recursive: true })
    const resumed = await mirage(['run', path, '--on', 'slurm', '--resume'], env())
    expect(resumed.code, resumed.stdout + resumed.stderr).toBe(0)
    // The program leaves behind what it was given last.
    expect(JSON.parse(await readFile(folder.file('inputs.json'), 'utf8'))).toHaveLength(1)
    expect(await outcomeOf(folder, path)).toEqual(expected)
    expect(judge.paid.size).toBe(6 * 2)
  },
  TIMEOUT,
)

clusterTest(
  'the runs of a sweep are tasks of one array, and are compared as on one machine',
  async () => {
    await using folder = await studyFolder({ count: 4 })
    const text =
      front('retries: 0') +
      load +
      cell(
        'tune',
        `sweep:
  train: { model: realesr-general-x4v3, on: photos, adapter: { lora: { rank: 1 } }, reward: { l1: 1 }, watch: {}, guards: off, steps: 2, batch: 1, crop: 8, every: 2 }
  over: { rate: [1e-3, 1e-5], reward: [{ l1: 1 }, { l1: 0.5, ssim: 0.1 }] }
  by: l1
  as: tuned`,
      ) +
      cell('with', 'infer: { of: photos, model: tuned, as: upscaled }')
    const path = await folder.write(text)
    const expected = await ranHere(folder, path, async () => ({
      results: await resultsOf(path),
      runs: await sweepTable(folder),
    }))
    expect(expected.runs.rows).toHaveLength(4)

    const { code, stdout, stderr } = await mirage(['run', path, '--on', 'slurm'], env())
    expect(code, stdout + stderr).toBe(0)
    expect(stdout).toMatch(/tune\.shards=\d+\[4\]/)
    expect({ results: await resultsOf(path), runs: await sweepTable(folder) }).toEqual(expected)
    // Each run was a task that did that run alone; who collected went on from what they had left.
    const logs = await lastSubmission(folder, 'logs')
    const said = await Promise.all((await readdir(logs)).map(name => readFile(join(logs, name), 'utf8')))
    expect(said.filter(log => log.includes('Went on from the checkpoint'))).toHaveLength(1)
  },
  TIMEOUT,
)

clusterTest(
  'a task that fills its time limit is told with its rows, and --resume pays for no answer twice',
  async () => {
    await using folder = await studyFolder({ count: 4 })
    const text = (url: string) =>
      front('shards: 2, retries: 0, steps: { score: { time: "0:01" } }') +
      load +
      cell('sr', 'infer: { of: photos, model: bicubic, as: upscaled }') +
      judgeCell(url, 'upscaled') +
      save
    const expected = await localOutcome(folder, text)
    const path = await folder.write(text(judge.url))
    // The judge falls silent over the ground truth of one picture, for longer than a task may run.
    silentOn = (await readFile(folder.file('hr/p2.png'))).toString('base64').slice(0, 400)
    const { code, stderr } = await mirage(['run', path, '--on', 'slurm'], env())
    expect(code).toBe(1)
    expect(stderr).toMatch(
      /hs\.shards\.\d \[[^\]]*p2[^\]]*\]: TIMEOUT: its time limit ran out.*on .*, at \d+ %/,
    )
    expect((await unfinished(folder)).find(({ row }) => row === 'p2')?.reason).toContain('time limit')
    expect(judge.paid.size).toBeGreaterThan(0)
    expect(judge.paid.size).toBeLessThan(4 * 2)

    silentOn = undefined
    const resumed = await mirage(['run', path, '--on', 'slurm', '--resume'], env())
    expect(resumed.code, resumed.stdout + resumed.stderr).toBe(0)
    expect(await outcomeOf(folder, path)).toEqual(expected)
    expect(judge.paid.size).toBe(4 * 2)
  },
  TIMEOUT,
)

clusterTest(
  'a training that is queued again goes on from its checkpoint, and makes the model of an undisturbed one',
  async () => {
    await using folder = await studyFolder({ count: 4 })
    const text =
      front('retries: 0') +
      load +
      cell(
        'tune',
        'train: { model: realesr-general-x4v3, on: photos, reward: { l1: 1 }, watch: {}, guards: off, steps: 60, batch: 8, crop: 8, every: 4, as: tuned }',
      )
    const path = await folder.write(text)
    const expected = await ranHere(folder, path, () => resultsOf(path))

    const submitted = await mirage(['run', path, '--on', 'slurm', '--detach'], env())
    expect(submitted.code, submitted.stdout + submitted.stderr).toBe(0)
    // Every checkpoint is a new file under the same name.
    const checkpoints = new Set<number>()
    const training = folder.file('.mirage-cache/training')
    await until(() => {
      const files = existsSync(training) ? readdirSync(training) : []
      const names = files.filter(name => name.endsWith('.safetensors'))
      for (const name of names) checkpoints.add(statSync(join(training, name)).mtimeMs)
      return checkpoints.size >= 3
    })
    using _ = hurry()
    // It must still have most of its way to go.
    expect(requeued()).toBe(1)
    await until(() => /mirage-tune.whole RUNNING/.test(running()))
    const { code, stdout, stderr } = await mirage(['run', path, '--on', 'slurm', '--resume'], env())
    expect(code, stdout + stderr).toBe(0)
    expect(stdout).toMatch(/Went on from the checkpoint of update \d+/)
    expect(await resultsOf(path)).toEqual(expected)
  },
  TIMEOUT,
)

clusterTest(
  'what the cluster refuses is said in its own words, and nothing stays submitted',
  async () => {
    await using folder = await studyFolder()
    const path = await folder.write(study(judge.url))
    const profile = folder.file('profile.yaml')
    await writeFile(profile, 'steps: { score: { directives: ["partition=nowhere"] } }\n')
    const { code, stderr } = await mirage(['run', path, '--on', 'slurm', '--profile', profile], env())
    expect(code).toBe(1)
    expect(stderr).toMatch(/invalid partition/i)
    await until(() => running() === '')
  },
  TIMEOUT,
)

clusterTest(
  'an interrupt cancels what was submitted, and so does --cancel from another process',
  async () => {
    await using folder = await studyFolder({ count: 6 })
    const path = await folder.write(study(judge.url))
    const child = spawn(process.execPath, [join(REPOSITORY, 'dist/cli.mjs'), 'run', path, '--on', 'slurm'], {
      env: { ...process.env, ...env() },
      stdio: 'ignore',
    })
    await until(() => running() !== '')
    child.kill('SIGINT')
    await new Promise(resolve => child.once('exit', resolve))
    await until(() => running() === '')

    const submitted = await mirage(['run', path, '--on', 'slurm', '--detach'], env())
    expect(submitted.code, submitted.stdout + submitted.stderr).toBe(0)
    expect(running()).not.toBe('')
    const again = await mirage(['run', path, '--on', 'slurm', '--detach'], env())
    expect(again.code).not.toBe(0)
    expect(again.stderr).toContain('still runs, so nothing was submitted')
    const local = await mirage(['run', path, '--cancel'], env())
    expect(local).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--cancel is about a run on a cluster'),
    })
    const cancelled = await mirage(['run', path, '--on', 'slurm', '--cancel'], env())
    expect(cancelled.code, cancelled.stdout + cancelled.stderr).toBe(0)
    await until(() => running() === '')
  },
  TIMEOUT,
)

clusterTest(
  'the quick start gives the same tables on the cluster as on one machine',
  async () => {
    await using folder = await studyFolder({ count: 0 })
    const outcomes: { first: string; judged: Outcome }[] = []
    for (const where of [[], ['--on', 'slurm']]) {
      const home = where.length > 0 ? 'cluster' : 'local'
      await mkdir(folder.file(home))
      for (const name of ['quickstart.mirage.md', 'examples'])
        await cp(join(REPOSITORY, 'notebooks', name), folder.file(`${home}/${name}`), { recursive: true })
      const profile = folder.file('profile.yaml')
      await writeFile(profile, 'shards: 2\n')
      const path = folder.file(`${home}/quickstart.mirage.md`)
      const { code, stdout, stderr } = await mirage(
        ['run', path, ...where, ...(where.length > 0 ? ['--profile', profile] : [])],
        env(),
      )
      expect(code, stdout + stderr).toBe(0)
      outcomes.push({
        first: await readFile(folder.file(`${home}/results/quickstart.csv`), 'utf8'),
        judged: await outcomeOf(folder, path, `${home}/results/quickstart-judged.csv`),
      })
    }
    expect(outcomes[1]).toEqual(outcomes[0])
    expect(outcomes[1].judged.table.trim().split('\n')).toHaveLength(1 + 8 * 3)
  },
  TIMEOUT,
)

photographTest(
  'photographs give the same results on the cluster as on one machine',
  async () => {
    await using folder = await studyFolder({ count: 0 })
    const names = ['Canon_006_LR4', 'Canon_016_LR4', 'Nikon_008_LR4', 'Nikon_038_LR4']
    const files = (role: string) => `[${names.map(name => `data/${role}/${name}.png`).join(', ')}]`
    const text = (url: string) =>
      front('shards: 3') +
      cell(
        'load',
        `triplets: { lr: ${files('lr')}, gt: ${files('hr')}, sr: { osediff: ${files('sr')} }, scale: 4, as: photos }`,
      ) +
      cell('sr', 'infer: { of: photos, model: [realesr-general-x4v3], as: upscaled }') +
      cell('m', 'metrics: { of: upscaled, use: [psnr, ssim, lr-consistency], as: measured }') +
      judgeCell(url) +
      save
    await symlink(join(SHARED_DATA, 'realsr-osediff'), folder.file('data'))
    const expected = await localOutcome(folder, text)
    await symlink(join(SHARED_DATA, 'realsr-osediff'), folder.file('data'))
    const path = await folder.write(text(judge.url))
    const { code, stdout, stderr } = await mirage(['run', path, '--on', 'slurm'], env())
    expect(code, stdout + stderr).toBe(0)
    expect(await outcomeOf(folder, path)).toEqual(expected)
    expect(judge.calls.length).toBe(4 * 2 * 2)
  },
  TIMEOUT,
)

/** The table of a sweep's runs, as it is kept beside the study. */
async function sweepTable(folder: StudyFolder): Promise<TablePayload> {
  const outputs = folder.file('study.mirage.outputs')
  const { cells } = JSON.parse(await readFile(join(outputs, 'index.json'), 'utf8'))
  return cells.tune.outputs.find(({ id }: { id: string }) => id === 'sweep').items[0].json
}

/** A line per task: id, name and state. */
const running = () => cluster.command('squeue', '-h', '-r', '-o', '%i %j %T').trim()

/** Puts the tasks that run back into the queue; how many there were. */
function requeued(): number {
  const tasks = running()
    .split('\n')
    .filter(line => line.endsWith('RUNNING'))
    .map(line => line.split(' ')[0])
  return tasks.filter(task => {
    try {
      cluster.command('scontrol', 'requeue', task)
      return true
    } catch {
      // It has ended since.
      return false
    }
  }).length
}

/** Milliseconds after which the node of a job that was queued again has surely ended the former one. */
const ENDED = 5000

/**
 * Slurm lets a job that is queued again rest for two minutes, which a test need not wait for. Started while its node still
 * ends the former one, it would fail at once.
 */
function hurry(): Disposable {
  const waiting = new Map<string, number>()
  const attempt = (name: string, ...args: string[]) => {
    try {
      return cluster.command(name, ...args)
    } catch {
      // The job has started or ended since, or the controller is busy.
      return ''
    }
  }
  const timer = setInterval(() => {
    for (const line of attempt('squeue', '-h', '-r', '-o', '%i %T %r').split('\n')) {
      const [job, state, reason] = line.split(' ')
      const since = waiting.get(job) ?? Date.now()
      if (state !== 'PENDING' || reason !== 'BeginTime') waiting.delete(job)
      else if (Date.now() - since < ENDED) waiting.set(job, since)
      else attempt('scontrol', 'update', `JobId=${job}`, 'StartTime=now')
    }
  }, 500)
  return { [Symbol.dispose]: () => clearInterval(timer) }
}

async function lastSubmission(folder: StudyFolder, file: string): Promise<string> {
  const home = folder.file('.mirage-cache/cluster')
  return join(home, (await readdir(home)).toSorted().at(-1)!, file)
}

/** The reasons that the last submission left, one per row. */
async function unfinished(
  folder: StudyFolder,
): Promise<{ row: string | null; cell: string; reason: string }[]> {
  const text = await readFile(await lastSubmission(folder, 'unfinished.jsonl'), 'utf8')
  return text
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line))
}

async function until(condition: () => boolean | Promise<boolean>, seconds = 240): Promise<void> {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; ) {
    if (await condition()) return
    await sleep(100)
  }
  throw new Error(`It did not happen within ${seconds} s; the queue: ${running()}`)
}

/** Kills the tasks that work on the study in this folder; how many there were. */
async function killed(folder: string): Promise<number> {
  const found = await new Promise<string>(resolve => {
    execFile('pgrep', ['-f', `cli.mjs run ${folder}`], (_, stdout) => resolve(stdout))
  })
  return found
    .split('\n')
    .filter(Boolean)
    .filter(pid => {
      try {
        return process.kill(Number(pid), 'SIGKILL')
      } catch {
        // It has ended since.
        return false
      }
    }).length
}
