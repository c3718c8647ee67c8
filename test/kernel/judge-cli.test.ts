import { cp, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { answerByHash, type ScriptedJudge, startScriptedJudge } from '../fixtures/scripted-judge.ts'
import { cell, mirage, REPOSITORY, type StudyFolder, studyFolder } from '../support/study-folder.ts'

// A study with a judge, on the command line as it is installed.
let folder: StudyFolder
let judge: ScriptedJudge
beforeEach(async () => {
  folder = await studyFolder({ count: 2 })
  judge = await startScriptedJudge({
    // A server that repeats the key in its answers.
    script: call => {
      const act = answerByHash(call)
      return act.do === 'answer'
        ? { ...act, text: act.text.replace('pseudo-glyphs', String(call.authorization)) }
        : act
    },
  })
})
afterEach(async () => {
  await judge.close()
  await folder[Symbol.asyncDispose]()
})

const CANARY = 'sk-canary-7f3a/b+c='

const study = (words = 'What was invented?') =>
  [
    cell('load', 'triplets: { lr: lr/*.png, gt: hr/*.png, sr: { copy: hr/*.png }, scale: 4, as: photos }'),
    `\`\`\`liquid mirage prompt=mine id=prompt\n${words}\n\`\`\`\n`,
    cell(
      'hs',
      `score: { of: photos, prompt: mine, judge: { model: scripted, baseURL: "${judge.url}", key: CANARY_KEY }, repeats: 2, as: judged }`,
    ),
    cell('save', 'export: { of: judged, to: scores.csv }'),
  ].join('\n')

async function textsBelow(path: string): Promise<[string, string][]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true })
  const files = entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
  return Promise.all(files.map(async file => [file, await readFile(file, 'latin1')] as [string, string]))
}

const STAGES = ['rendered prompt', 'images as sent', 'request', 'raw answer', 'parsed answer', 'score']

it('packs its answers, from which the scores are had again without key, network or cache, and no key is anywhere', async () => {
  const env = { CANARY_KEY: CANARY }
  const path = await folder.write(study())
  const run = await mirage(['run', path, '--json'], env)
  expect(run.code, run.stderr).toBe(0)
  expect(judge.calls.map(({ authorization }) => authorization)).toEqual(Array(4).fill(`Bearer ${CANARY}`))
  const scores = await readFile(folder.file('scores.csv'), 'utf8')
  const stepped = await mirage(['step', path, '--cell', 'hs', '--all'], env)
  for (const stage of STAGES) expect(stepped.stdout).toMatch(new RegExp(`^${stage}  p0 · `, 'm'))

  const bundle = folder.file('replay/hs.jsonl')
  const packed = await mirage(['replay', 'pack', path, bundle])
  expect(packed).toMatchObject({ code: 0, stdout: expect.stringContaining('4 answers packed into') })
  await judge.close()
  await rm(folder.file('.mirage-cache'), { recursive: true })
  await rm(folder.file('scores.csv'))
  const replayed = await mirage(['run', path, '--replay', bundle, '--offline'])
  expect(replayed.code, replayed.stderr + replayed.stdout).toBe(0)
  expect(await readFile(folder.file('scores.csv'), 'utf8')).toBe(scores)

  await folder.write(study('Another question?'))
  const other = await mirage(['run', path, '--replay', bundle])
  expect(other.code).not.toBe(0)
  expect(other.stdout + other.stderr).toContain('The replay bundle has no answer of scripted about p0 (copy)')

  const exported = await mirage(['export', 'html', path])
  expect(exported.code, exported.stderr).toBe(0)

  const said = [run, stepped, packed, replayed, other, exported].flatMap(({ stdout, stderr }) => [
    stdout,
    stderr,
  ])
  const files = await textsBelow(folder.path)
  expect(files.some(([name]) => name.includes('lock.json'))).toBe(true)
  for (const [name, text] of [...files, ...said.map(text => ['printed', text])]) {
    expect(text.includes(CANARY), name).toBe(false)
    expect(text.includes(encodeURIComponent(CANARY)), name).toBe(false)
  }
}, 180_000)

it('repeats the example study with the bundle that lies beside it, without a server and without a network', async () => {
  for (const part of ['judging.mirage.md', 'judging', 'examples']) {
    await cp(join(REPOSITORY, 'notebooks', part), folder.file(part), { recursive: true })
  }
  const bundle = folder.file('judging/replay.jsonl')
  const run = await mirage(['run', folder.file('judging.mirage.md'), '--replay', bundle, '--offline'])
  expect(run.code, run.stdout + run.stderr).toBe(0)
  const [header, ...rows] = (await readFile(folder.file('results/judging.csv'), 'utf8')).trim().split('\n')
  const columns = header.split(',')
  expect(rows).toHaveLength(6)
  for (const row of rows) {
    const value = (name: string) => row.split(',')[columns.indexOf(name)]
    expect([value('hs_n'), value('letters_n'), value('wins_n')]).toEqual(['6', '1', '2'])
  }
}, 180_000)
