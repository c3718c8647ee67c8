import { execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import {
  answerByHash,
  type Script,
  type ScriptedJudge,
  startScriptedJudge,
} from '../fixtures/scripted-judge.ts'
import { canRunSlurm, type SlurmCluster, startSlurm } from '../support/slurm-cluster.ts'
import { cell, mirage, REPOSITORY, type StudyFolder, studyFolder } from '../support/study-folder.ts'

// A real Slurm of two nodes on this machine. Its daemons must run as root, so elsewhere these tests say that they are
// skipped.
const clusterTest = canRunSlurm ? test : test.skip

let cluster: SlurmCluster
let judge: ScriptedJudge
beforeAll(async () => {
  if (!canRunSlurm) return console.warn('skipped: the Slurm tests need Linux and root')
  cluster = await startSlurm()
}, 60_000)
afterAll(() => cluster?.[Symbol.asyncDispose](), 30_000)
// One for each test: a judge gives the answer to a question that it knows again, and is not paid for that.
beforeEach(async () => {
  judge = await startScriptedJudge({ script: answerByContent, latency: 100 })
})
afterEach(() => judge.close())

const study = (url: string, cluster = 'shards: 3, memory: 900M') =>
  `---\nformat: 1\nseed: 3\ncluster: { ${cluster} }\n---\n${cell('load', 'triplets: { lr: lr/*.png, gt: hr/*.png, scale: 4, as: photos }')}${cell(
    'sr',
    'infer: { of: photos, model: [realesr-general-x4v3, bicubic], as: upscaled }',
  )}${cell('m', 'metrics: { of: upscaled, use: [psnr, ssim], as: measured }')}${cell(
    'hs',
    `score: { of: measured, judge: { model: scripted, baseURL: "${url}" }, repeats: 2, concurrency: 1, as: judged }`,
  )}${cell('save', 'export: { of: judged, to: out.csv }')}`

// By what is asked alone: the address of the server is another one in the local run.
const answerByContent: Script = call =>
  answerByHash({
    ...call,
    key: createHash('sha256').update(JSON.stringify(call.body.messages)).digest('hex'),
  })

const env = () => ({ ...cluster.env, OPENAI_API_KEY: 'sk-scripted-000' })

async function localTable(folder: StudyFolder): Promise<string> {
  const local = await startScriptedJudge({ script: answerByContent })
  try {
    const path = await folder.write(study(local.url))
    // The same table on one machine, with a cache and a server of its own: only the address of the judge differs.
    const { code, stdout } = await mirage(['run', path], { OPENAI_API_KEY: 'sk-scripted-000' })
    expect(code, stdout).toBe(0)
    return await readFile(folder.file('out.csv'), 'utf8')
  } finally {
    await local.close()
    for (const name of ['.mirage-cache', 'out.csv'])
      await rm(folder.file(name), { recursive: true, force: true })
  }
}

clusterTest(
  'a study on two nodes gives the table of a local run, byte for byte, and pays for each answer once',
  async () => {
    await using folder = await studyFolder({ count: 6 })
    const expected = await localTable(folder)
    const path = await folder.write(study(judge.url))
    const { code, stdout } = await mirage(['run', path, '--on', 'slurm'], env())
    expect(code, stdout).toBe(0)
    expect(stdout).toMatch(/sr\.shards=\d+\[3\]/)
    expect(await readFile(folder.file('out.csv'), 'utf8')).toBe(expected)
    expect(judge.calls.length).toBe(6 * 2 * 2)

    const again = await mirage(['run', path, '--on', 'slurm'], env())
    expect(again.stdout).not.toContain('Submitted')
    expect(judge.calls.length).toBe(6 * 2 * 2)
  },
  240_000,
)

clusterTest(
  'a lost node and killed tasks cost nothing but time: --resume from another process completes the same table',
  async () => {
    await using folder = await studyFolder({ count: 6 })
    const expected = await localTable(folder)
    const path = await folder.write(study(judge.url))

    // Submitted by a machine that then goes away.
    const submitted = await mirage(['run', path, '--on', 'slurm', '--detach'], env())
    expect(submitted.code, submitted.stdout + submitted.stderr).toBe(0)
    await until(() => running().includes('RUNNING'))
    await cluster.killNode('n2')
    for (const pid of await taskPids(folder.path)) process.kill(pid, 'SIGKILL')
    await sleep(1000)
    await cluster.startNode('n2')

    const { code, stdout } = await mirage(['run', path, '--on', 'slurm', '--resume'], env())
    expect(code, stdout).toBe(0)
    expect(await readFile(folder.file('out.csv'), 'utf8')).toBe(expected)
    expect(judge.paid.size).toBe(6 * 2 * 2)
  },
  300_000,
)

clusterTest(
  'one bad image is named with its reason, and everything else is done',
  async () => {
    await using folder = await studyFolder({ count: 6 })
    // A judge that refuses one question for good stands for a row that cannot be done.
    const path = await folder.write(
      study(judge.url, 'shards: 3, retries: 0, steps: { infer: { time: "0:01" } }'),
    )
    const profile = folder.file('profile.yaml')
    await import('node:fs/promises').then(fs => fs.writeFile(profile, 'partition: nowhere\n'))
    const { code, stdout, stderr } = await mirage(['run', path, '--on', 'slurm', '--profile', profile], env())
    expect(code).toBe(1)
    expect(stdout + stderr).toMatch(/partition/i)
    expect(running()).toBe('')
  },
  120_000,
)

clusterTest(
  'an interrupt cancels what was submitted',
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
    await until(() => !/RUNNING|PENDING/.test(running()))
  },
  120_000,
)

const running = () => cluster.command('squeue', '-h', '-o', '%i %T').trim()

async function until(condition: () => boolean, seconds = 60): Promise<void> {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; ) {
    if (condition()) return
    await sleep(200)
  }
  throw new Error(`It did not happen within ${seconds} s; the queue: ${running()}`)
}

/** Processes of tasks that work on the study in this folder. */
function taskPids(folder: string): Promise<number[]> {
  return new Promise(resolve => {
    execFile('pgrep', ['-f', `cli.mjs run ${folder}`], (_, stdout) =>
      resolve(stdout.split('\n').filter(Boolean).map(Number)),
    )
  })
}
