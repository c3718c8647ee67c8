import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { piecesOf } from '../../../src/kernel/cluster/pieces.ts'
import { readProfile } from '../../../src/kernel/cluster/profile.ts'
import { batchScript, ranges } from '../../../src/kernel/cluster/script.ts'
import type { Slurm, SlurmTask } from '../../../src/kernel/cluster/slurm.ts'
import { follow, type Submission } from '../../../src/kernel/cluster/submission.ts'
import { TEMPLATES } from '../../../src/kernel/cluster/templates.ts'
import { planStudy } from '../../../src/kernel/session/plan.ts'
import { STEPS } from '../../../src/kernel/steps/index.ts'
import { promptCell } from '../../../src/kernel/steps/prompt.ts'
import { scriptCell } from '../../../src/kernel/steps/script.ts'
import { createFolderStore } from '../../../src/kernel/store/folder-store.ts'
import { cell, studyOf } from '../../support/study-folder.ts'

const STUDY = '/shared/my study/study.mirage.md'
const { cells } = studyOf(
  STUDY,
  [
    cell('load', 'triplets: { lr: lr/*.png, gt: hr/*.png, scale: 4, as: photos }'),
    cell('tune', 'train: { model: realesr-general-x4v3, on: photos, as: tuned }'),
    cell('sr', 'infer: { of: photos, model: tuned, as: upscaled }'),
    cell('m', 'metrics: { of: upscaled, use: [psnr, ssim], as: measured }'),
    cell('hs', 'score: { of: measured, judge: { model: gpt-4o }, as: judged }'),
    cell('plot', 'correlate: { of: judged, x: psnr, y: hs }'),
  ].join(''),
)
const language = { steps: STEPS, prompt: promptCell, script: scriptCell(STEPS) }
const plan = planStudy(cells, language)
const pieces = piecesOf(plan, new Set(cells.map(({ id }) => id)))

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mirage-jobs-'))
})
afterAll(() => rm(folder, { recursive: true }))

test('a study is cut into shards, collections and whole jobs, each after what it needs; quick cells stay at home', () => {
  expect(pieces.map(({ id, needs }) => [id, needs])).toEqual([
    ['load.whole', []],
    ['tune.whole', ['load.whole']],
    ['sr.shards', ['load.whole', 'tune.whole']],
    ['sr.collect', ['sr.shards']],
    ['m.shards', ['sr.collect']],
    ['m.collect', ['m.shards']],
    ['hs.shards', ['m.collect']],
    ['hs.collect', ['hs.shards']],
  ])
})

test('a sweep is an array of its runs, whatever the profile says of rows', () => {
  const sweep =
    'sweep: { train: { model: realesr-general-x4v3, on: photos }, over: { rate: [1e-4, 3e-4], rank: [4, 8, 16] }, as: best }'
  const study = studyOf(
    STUDY,
    cell('load', 'triplets: { lr: lr/*.png, scale: 4, as: photos }') + cell('s', sweep),
  )
  const parts = piecesOf(planStudy(study.cells, language), new Set(['s']))
  expect(parts.map(({ id, runs }) => [id, runs])).toEqual([
    ['load.whole', undefined],
    ['s.shards', 6],
    ['s.collect', 6],
  ])
  const { '02-s.shards.yaml': text } = TEMPLATES.k8s({ ...templates, pieces: parts })
  expect(parse(text).spec.completions).toBe(6)
})

test('a batch script has the resources of its step, the modules and the container of the profile, and words that a shell reads as they are', async () => {
  const profile = readProfile(
    {
      partition: 'gpu',
      account: 'lab',
      shards: 6,
      tasksAtOnce: 2,
      setup: ['module() { echo "module $*"; }', 'module load cuda/12'],
      container: 'echo apptainer exec --nv image.sif',
      steps: { infer: { gpus: 1, time: '01:00:00', memory: '8G', directives: ['constraint="a100|h100"'] } },
    },
    'a test',
  )
  const home = join(folder, 'a "submission"')
  await mkdir(home)
  const options = {
    piece: pieces.find(({ id }) => id === 'sr.shards')!,
    profile: { ...profile, ...profile.steps.infer },
    study: STUDY,
    snapshot: join(home, 'study.json'),
    folder: home,
    submission: 'S',
    command: '/opt/node /opt/mirage/dist/cli.mjs',
    wishes: { offline: true, spend: 2.5 },
    shards: [0, 1, 2, 5],
  } as Parameters<typeof batchScript>[0]
  const script = batchScript(options)
  expect(script).toContain('#SBATCH --array=0-2,5%2\n')
  for (const line of [
    'partition=gpu',
    'account=lab',
    'gpus=1',
    'time=01:00:00',
    'mem=8G',
    'constraint="a100|h100"',
    'requeue',
  ])
    expect(script).toContain(`#SBATCH --${line}\n`)
  const bash = (task: string) =>
    spawnSync('bash', ['-c', script], {
      encoding: 'utf8',
      env: { ...process.env, SLURM_ARRAY_TASK_ID: task },
    })
  const { stdout, stderr } = bash('2')
  expect(stdout, stderr).toBe(
    `module load cuda/12\napptainer exec --nv image.sif /opt/node /opt/mirage/dist/cli.mjs run ${STUDY} --snapshot ${home}/study.json --cell sr --no-record --offline --spend 2.5 --shard 2/6 --report S.sr.shards.2\n`,
  )
  // Once the piece before has told which shards have work, the others end at once.
  await writeFile(join(home, 'sr.shards.open'), '12\n5\n')
  expect(bash('2')).toMatchObject({ status: 0, stdout: '' })
  expect(bash('5').stdout).toContain('--shard 5/6')
})

test('numbers are written as Slurm writes ranges', () => {
  expect(ranges([7, 3, 1, 2, 9, 8])).toBe('1-3,7-9')
  expect(ranges([4])).toBe('4')
})

test('a profile with a key that does not exist is refused with those that do', () => {
  expect(() => readProfile({ partitions: 'gpu' }, 'a test')).toThrow(/partitions/)
})

const profile = readProfile(
  { shards: 3, memory: '16G', tasksAtOnce: 2, steps: { infer: { gpus: 1, cpus: 4 } } },
  'a test',
)
const templates = { pieces, profile, study: STUDY, command: 'mirage' }

test('Kubernetes gets one Indexed Job per piece, with names and quantities as its API takes them, and a script that keeps their order', () => {
  const files = TEMPLATES.k8s(templates)
  const manifests = Object.entries(files).filter(([name]) => name.endsWith('.yaml'))
  expect(manifests.map(([name]) => name)).toEqual(
    pieces.map(({ id }, n) => `${String(n + 1).padStart(2, '0')}-${id}.yaml`),
  )
  for (const [name, text] of manifests) {
    const { metadata, spec } = parse(text)
    expect(metadata.name).toMatch(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/)
    const [container] = spec.template.spec.containers
    const isArray = name.endsWith('.shards.yaml')
    expect(spec).toMatchObject({ completionMode: 'Indexed', completions: isArray ? 3 : 1 })
    expect(container.command[2].includes('$JOB_COMPLETION_INDEX/3')).toBe(isArray)
    expect(container.resources.limits.memory).toBe('16Gi')
    expect(spec.template.spec.volumes[0].name).toBe(container.volumeMounts[0].name)
    expect(files['run.sh'].indexOf(name)).toBeGreaterThan(0)
  }
  expect(parse(files['03-sr.shards.yaml']).spec.template.spec.containers[0].resources.limits).toEqual({
    cpu: '4',
    memory: '16Gi',
    'nvidia.com/gpu': '1',
  })
  const order = manifests.map(([name]) => files['run.sh'].indexOf(name))
  expect(order).toEqual(order.toSorted((a, b) => a - b))
  expect(spawnSync('sh', ['-n'], { input: files['run.sh'] }).status).toBe(0)
})

const python = spawnSync('python3', ['--version']).status === 0
if (!python) console.warn('skipped: the Ray driver is read by python3, which is not here')

// Ray itself is not here: a module of its name runs each task at once, so that the driver's own lines are run.
test.skipIf(!python)(
  'the Ray driver runs every shard of a piece before the next piece, with the resources of its step',
  async () => {
    const { 'driver.py': driver } = TEMPLATES.ray({
      ...templates,
      command: `sh -c 'echo "$@"' mirage`,
    })
    await writeFile(join(folder, 'driver.py'), driver)
    await writeFile(
      join(folder, 'ray.py'),
      [
        'class Remote:',
        '    def __init__(self, call): self.call = call',
        '    def options(self, **given): print("options", given, flush=True); return self',
        '    def remote(self, *words): return self.call(*words)',
        'def remote(**given): return Remote',
        'def init(): pass',
        'def get(results): return results',
      ].join('\n'),
    )
    const { stdout, stderr, status } = spawnSync('python3', ['driver.py'], { cwd: folder, encoding: 'utf8' })
    expect(status, stderr).toBe(0)
    const lines = stdout.trim().split('\n')
    expect(lines.filter(line => line.startsWith('run'))).toEqual([
      ...pieces.flatMap(({ cell, kind }) => {
        const line = `run ${STUDY} --cell ${cell} --no-record`
        if (kind === 'shards') return [0, 1, 2].map(shard => `${line} --shard ${shard}/3`)
        return [kind === 'collect' ? `${line} --collect 3` : line]
      }),
      `run ${STUDY}`,
    ])
    expect(lines).toContain("options {'num_cpus': 4, 'num_gpus': 1}")
  },
)

test('a scheduler that does not answer for a while does not end the following of a submission', async () => {
  const store = createFolderStore(join(folder, 'silent'))
  const submission = { id: 's', study: STUDY, at: '', pieces: [] } as unknown as Submission
  const scheduler = (answers: (SlurmTask[] | Error)[]): Slurm => ({
    submit: async () => '1',
    cancel: async () => {},
    tasks: async () => {
      const answer = answers.shift() ?? []
      if (answer instanceof Error) throw answer
      return answer
    },
  })
  const running = [{ job: '1', state: 'RUNNING', reason: '' }]
  const silent = new Error('Socket timed out on send/recv operation')
  const following = (answers: (SlurmTask[] | Error)[]) =>
    follow({
      slurm: scheduler(answers),
      store,
      submission,
      signal: new AbortController().signal,
      onProgress() {},
      pollMilliseconds: 1,
      silentMilliseconds: 1,
      silentTimes: 3,
    })
  expect(await following([running, silent, silent, running, silent, []])).toHaveLength(1)
  await expect(following([running, silent, silent, silent])).rejects.toThrow('Socket timed out')
  // One that never answered is not there at all.
  await expect(following([silent, running])).rejects.toThrow('Socket timed out')
})
