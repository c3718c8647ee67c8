import { writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ScriptedJudge, startScriptedJudge } from '../fixtures/scripted-judge.ts'
import { cell, mirage, type StudyFolder, studyFolder } from '../support/study-folder.ts'

// Every wrong input is told with the file's line, a stable code and what to do, and exit code 1 (2 when nothing ran).
let folder: StudyFolder
beforeAll(async () => {
  folder = await studyFolder()
  await writeFile(folder.file('notes.png'), 'this is no picture')
  await writeFile(folder.file('cut.onnx'), Buffer.from([8, 8, 18, 7, 112, 121]))
})
afterAll(() => folder[Symbol.asyncDispose]())

const load = cell('load', 'triplets: { lr: lr/*.png, gt: hr/*.png, scale: 4, as: photos }')

async function failure(text: string, env: Record<string, string> = {}) {
  const path = await folder.write(text, `bad-${Math.random().toString(36).slice(2)}.mirage.md`)
  const { code, stdout } = await mirage(['run', path], env)
  const line = stdout.split('\n').findIndex(each => each.startsWith('failed'))
  const [head, message, remedy] = stdout.split('\n').slice(line)
  return { code, head, message, remedy, stdout, path }
}

test.each([
  ['malformed YAML', cell('load', 'triplets:\n  lr: [lr/*.png'), 'yaml-malformed', /:3:\d+\)/, /bracket/],
  ['an unknown step', cell('x', 'triplet: {}'), 'step-unknown', /:2:1\)/, /triplets/],
  [
    'an unknown key',
    cell('load', 'triplets:\n  lr: lr/*.png\n  scales: 4'),
    'parameter-unknown',
    /:4:3\)/,
    /scale/,
  ],
  ['a missing file', cell('load', 'triplets: { lr: nowhere/*.png, scale: 4, as: p }'), '', /./, /./],
  [
    'sizes that do not fit',
    cell('load', 'triplets: { lr: lr/*.png, gt: hr/*.png, scale: 3, as: p }'),
    '',
    /./,
    /./,
  ],
  ['a file that is no image', cell('load', 'triplets: { lr: notes.png, as: p }'), 'not-an-image', /./, /./],
  [
    'a truncated model',
    `${load}${cell('sr', 'infer: { of: photos, model: cut.onnx, as: up }')}`,
    'model-unreadable',
    /:6:\d+|:5:\d+/,
    /./,
  ],
  [
    'an unknown model',
    `${load}${cell('sr', 'infer: { of: photos, model: realesrgan-x4pls, as: up }')}`,
    '',
    /./,
    /./,
  ],
  [
    'a model of the wrong scale',
    `${cell('load', 'triplets: { gt: hr/*.png, downscale: true, scale: 2, as: photos }')}${cell('sr', 'infer: { of: photos, model: realesr-general-x4v3, as: up }')}`,
    '',
    /./,
    /./,
  ],
  [
    'an unknown metric',
    `${load}${cell('m', 'metrics: { of: photos, use: [psnrr] }')}`,
    'parameter-invalid',
    /./,
    /./,
  ],
  [
    'a name that nothing defines',
    cell('m', 'metrics: { of: photo, use: [psnr] }'),
    'result-unknown',
    /:2:\d+\)/,
    /./,
  ],
  [
    'a path outside the study',
    `${load}${cell('e', 'export: { of: photos, to: ../../out.csv }')}`,
    'path-outside',
    /./,
    /inside/,
  ],
])('%s', async (_, text, code, position, remedy) => {
  const found = await failure(text)
  expect(found.code, found.stdout).toBe(1)
  expect(found.head).toContain(code)
  expect(found.head).toMatch(position)
  expect(found.head).toContain(found.path)
  expect(found.message.trim()).not.toBe('')
  expect(found.remedy).toMatch(remedy)
})

test.each([
  ['a study that is not there', 'nowhere.mirage.md', /cannot be read/],
  ['a file that is no study', 'package.json', /not a study/],
])('%s', async (_, name, message) => {
  const { code, stderr } = await mirage(['run', name])
  expect(code).toBe(2)
  expect(stderr).toMatch(message)
})

test('a cell that is never closed is refused with its line', async () => {
  const path = await folder.write('# Title\n\n```yaml mirage id=a\ntriplets: {}\n', 'open.mirage.md')
  const { code, stderr } = await mirage(['run', path])
  expect(code).toBe(2)
  expect(stderr).toContain('open.mirage.md:3:')
})

test.each(['runn', ''])('the command %j is refused with the known ones', async word => {
  const { code, stdout, stderr } = await mirage(word ? [word] : [])
  expect(code).toBe(word ? 2 : 0)
  expect(word ? stderr : stdout).toContain('run')
})

const KEY = 'sk-canary-000-never-to-be-seen'
const judgeCell = (url: string, more = '') =>
  `${cell('load', 'triplets: { lr: lr/p0.png, gt: hr/p0.png, sr: { copy: hr/p0.png }, scale: 4, as: photos }')}${cell(
    'hs',
    `score: { of: photos, judge: { model: scripted, baseURL: "${url}"${more} }, as: judged }`,
  )}`

test.each([
  ['answers 429', { do: 'status', status: 429, message: 'slow down' }, /429|rate|slow down/i],
  ['answers nonsense', { do: 'body', body: 'certainly! <html>' }, /answer|JSON|nonsense/i],
  ['hangs', { do: 'hang' }, /time|answer/i],
] as const)(
  'an endpoint that %s costs its row, with host and reason, and never the key',
  async (_, act, reason) => {
    await using server = await scripted(() => act)
    const found = await failure(judgeCell(server.url, ', timeout: 1, retry: { attempts: 1 }'), {
      OPENAI_API_KEY: KEY,
    })
    expect(found.stdout).toMatch(reason)
    expect(found.stdout).not.toContain(KEY)
  },
)

test('an endpoint that refuses the connection is named with what to do', async () => {
  const server = await startScriptedJudge({})
  await server.close()
  const found = await failure(judgeCell(server.url, ', timeout: 1, retry: { attempts: 1 }'), {
    OPENAI_API_KEY: KEY,
  })
  expect(found.stdout).toContain(new URL(server.url).host)
  expect(found.stdout).not.toContain(KEY)
})

async function scripted(
  script: NonNullable<Parameters<typeof startScriptedJudge>[0]>['script'],
): Promise<ScriptedJudge & AsyncDisposable> {
  const server = await startScriptedJudge({ script })
  return Object.assign(server, { [Symbol.asyncDispose]: () => server.close() })
}
