import { copyFile, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { beforeEach, expect, test } from 'vitest'
import { answerByHash, startScriptedJudge } from '../fixtures/scripted-judge.ts'
import { cell, mirage, REPOSITORY, type StudyFolder, studyFolder } from '../support/study-folder.ts'

// Each planted change is found and named by its cause; what did not change is equal.
let folder: StudyFolder
let path: string
beforeEach(async () => {
  folder = await studyFolder({ count: 2 })
  await copyFile(join(REPOSITORY, 'dist/models/realesr-general-x4v3.onnx'), folder.file('model.onnx'))
  await copyFile(
    join(REPOSITORY, 'dist/models/realesr-general-x4v3.onnx.json'),
    folder.file('model.onnx.json'),
  )
  return () => folder[Symbol.asyncDispose]()
})

async function otherModel(): Promise<void> {
  await copyFile(join(REPOSITORY, 'dist/models/rrdn-thick-x4.onnx'), folder.file('model.onnx'))
  await copyFile(join(REPOSITORY, 'dist/models/rrdn-thick-x4.onnx.json'), folder.file('model.onnx.json'))
}

const env = { OPENAI_API_KEY: 'sk-scripted-000' }
const prompt = (words: string) => `\`\`\`liquid mirage prompt=mine id=prompt\n${words}\n\`\`\`\n`
const study = (url: string, judge = 'scripted', words = 'What was invented?') =>
  `${cell('load', 'triplets: { lr: lr/*.png, gt: hr/*.png, scale: 4, as: photos }')}${prompt(words)}${cell(
    'sr',
    'infer: { of: photos, model: model.onnx, provider: cpu, as: upscaled }',
  )}${cell('m', 'metrics: { of: upscaled, use: [psnr], as: measured }')}${cell(
    'hs',
    `score: { of: measured, prompt: mine, judge: { model: ${judge}, baseURL: "${url}" }, as: judged }`,
  )}`

async function withStudy(change: (url: string) => Promise<void>) {
  const server = await startScriptedJudge({ script: answerByHash })
  try {
    path = await folder.write(study(server.url))
    const first = await mirage(['run', path], env)
    expect(first.code, first.stdout).toBe(0)
    await change(server.url)
    const { code, stdout, stderr } = await mirage(['verify', path, '--json'], env)
    expect(stdout, stderr).toMatch(/^\[/)
    const cells = JSON.parse(stdout) as {
      cell: string
      verdict: string
      causes: { cause: string; what: string }[]
      differences: { column: string }[]
    }[]
    return { code, calls: server.calls.length, of: Object.fromEntries(cells.map(each => [each.cell, each])) }
  } finally {
    await server.close()
  }
}

test('an unchanged study is equal, is computed again, and no answer is asked again', async () => {
  const { code, of, calls } = await withStudy(async () => {})
  expect(Object.values(of).map(({ verdict }) => verdict)).toEqual([
    'equal',
    'equal',
    'equal',
    'equal',
    'equal',
  ])
  expect(code).toBe(0)
  expect(calls).toBe(2)
})

test('another model file of the same name', async () => {
  const { code, of } = await withStudy(() => otherModel())
  expect(code).toBe(1)
  expect(of.load.verdict).toBe('equal')
  expect(of.sr.causes).toContainEqual(expect.objectContaining({ cause: 'model' }))
  expect(of.sr.differences).toContainEqual(expect.objectContaining({ column: 'sr' }))
  expect(of.m.differences).toContainEqual(expect.objectContaining({ column: 'psnr' }))
})

test('one changed pixel', async () => {
  const { of } = await withStudy(async () => {
    const { data, info } = await sharp(folder.file('hr/p1.png')).raw().toBuffer({ resolveWithObject: true })
    data[300] ^= 8
    await writeFile(
      folder.file('hr/p1.png'),
      await sharp(data, { raw: { width: info.width, height: info.height, channels: 3 } })
        .png()
        .toBuffer(),
    )
  })
  expect(of.load.causes).toContainEqual(expect.objectContaining({ cause: 'image', what: 'hr/p1.png' }))
  expect(of.m.differences.every(({ column }) => column === 'gt' || column === 'psnr')).toBe(true)
})

test('an edited prompt', async () => {
  const { of } = await withStudy(async url => {
    await folder.write(study(url, 'scripted', 'What did the model make up?'))
  })
  expect(of.sr.verdict).toBe('equal')
  expect(of.prompt.verdict).toBe('differs')
  expect(of.prompt.causes).toContainEqual(expect.objectContaining({ cause: 'prompt', what: 'mine' }))
  expect(of.hs.causes).toContainEqual(
    expect.objectContaining({ cause: 'prompt', what: 'mine', from: 'prompt' }),
  )
})

test('another judge', async () => {
  const { of } = await withStudy(async url => {
    await folder.write(study(url, 'another'))
  })
  expect(of.m.verdict).toBe('equal')
  expect(of.hs.causes).toContainEqual(expect.objectContaining({ cause: 'judge' }))
})

test('another package version', async () => {
  const { of } = await withStudy(async () => {
    const lockPath = path.replace(/\.md$/, '.lock.json')
    const lock = JSON.parse(await readFile(lockPath, 'utf8'))
    lock.cells.sr.packages.mirage = '0.0.1'
    lock.cells.m.packages['onnxruntime-node'] = '1.0.0'
    await writeFile(lockPath, JSON.stringify(lock, null, 2))
  })
  expect(of.sr.causes).toContainEqual(expect.objectContaining({ cause: 'version', what: 'mirage' }))
  expect(of.m.causes).toEqual([
    expect.objectContaining({ cause: 'version', what: 'onnxruntime-node', before: '1.0.0' }),
  ])
  expect(of.hs.verdict).toBe('equal')
})

test('where the cache is gone, numbers are still compared with the ones saved beside the study', async () => {
  const { of } = await withStudy(async () => {
    await otherModel()
    await rm(folder.file('.mirage-cache'), { recursive: true })
  })
  expect(of.m.differences).toContainEqual(expect.objectContaining({ column: 'psnr' }))
})

test('a study without a lock says to run it first', async () => {
  const path = await folder.write(cell('load', 'triplets: { lr: lr/*.png, as: p }'), 'other.mirage.md')
  const { code, stderr } = await mirage(['verify', path])
  expect(code).toBe(1)
  expect(stderr).toMatch(/Run the study once/)
})
