import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type ScriptedJudge, startScriptedJudge } from '../fixtures/scripted-judge.ts'
import { cell, mirage, REPOSITORY, type StudyFolder, studyFolder } from '../support/study-folder.ts'

// `mirage step` on a terminal, which `script` (util-linux) provides.
let folder: StudyFolder
let judge: ScriptedJudge
beforeEach(async () => {
  folder = await studyFolder({ count: 1 })
  judge = await startScriptedJudge()
})
afterEach(async () => {
  await judge.close()
  await folder[Symbol.asyncDispose]()
})

const QUESTION = '(Enter step, n next image, c run on, q stop) '

/** Steps through a score; `answer` gives the keys for the nth question. Resolves when the command has ended. */
async function step(answer: (nth: number) => string): Promise<{ code: number; said: string }> {
  const path = await folder.write(
    cell('load', 'triplets: { lr: lr/*.png, gt: hr/*.png, sr: { copy: hr/*.png }, scale: 4, as: photos }') +
      cell('hs', `score: { of: photos, judge: { model: scripted, baseURL: "${judge.url}" } }`),
  )
  expect((await mirage(['run', path, '--cell', 'load'])).code).toBe(0)
  const words = [process.execPath, join(REPOSITORY, 'bin/mirage.mjs'), 'step', path, '--cell', 'hs']
  const terminal: ChildProcess = spawn('script', ['-qec', words.join(' '), '/dev/null'])
  let said = ''
  let answered = 0
  terminal.stdout?.on('data', chunk => {
    said += chunk
    if (!said.slice(answered).includes(QUESTION)) return
    const nth = said.split(QUESTION).length - 2
    answered = said.length
    terminal.stdin?.write(answer(nth))
  })
  const [code] = await once(terminal, 'close')
  return { code, said }
}

test('it ends after the last stage', async () => {
  const { code, said } = await step(() => '\r')
  expect(said).toContain('parsed answer')
  expect(code).toBe(0)
})

test.each([
  ['Ctrl-C', '\x03'],
  ['the end of the input', '\x04'],
  ['"q"', 'q\r'],
])('%s stops it at a stage', async (_, keys) => {
  const { code, said } = await step(nth => (nth === 0 ? '\r' : keys))
  expect(said).not.toMatch(/parsed answer|AbortError/)
  expect(said).toContain('not run')
  expect(code).toBe(1)
  expect(judge.calls).toEqual([])
})
