import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type ScriptedJudge, startScriptedJudge, wellFormed } from '../fixtures/scripted-judge.ts'
import { Debugger } from './support/debugger.ts'
import { type Host, startHost } from './support/host.ts'
import { LOAD, writeTriplets } from './support/studies.ts'
import { Workbench } from './support/workbench.ts'

const CANARY = 'sk-canary-4b1d0f7e2a'

let host: Host
let judge: ScriptedJudge
let workbench: Workbench
let debug: Debugger

/** A study with a prompt of its own and a judge that follows a script. */
const studyText = (url: string) => `---
title: Stepping
seed: 1
---

\`\`\`yaml mirage id=load
${LOAD.text}
\`\`\`

\`\`\`liquid mirage prompt=mine id=mine
---
title: What was invented?
mode: gt+lr
images: [gt, lr, sr]
answer: elements
---
You see {{ images.size }} images: {% for image in images %}{{ image.label }}; {% endfor %}
List what the model invented.
Give {{ range[0] }} (the main content changed) to {{ range[1] }} (nothing was invented).
\`\`\`

\`\`\`yaml mirage id=hs
score:
  of: photos
  prompt: mine
  judge: { model: scripted, baseURL: "${url}", key: CANARY_KEY }
  as: judged
\`\`\`
`

beforeAll(async () => {
  judge = await startScriptedJudge({ script: () => ({ do: 'answer', text: wellFormed(2) }) })
  host = await startHost({ env: { CANARY_KEY: CANARY } })
  await writeTriplets(host.workspace)
  // Equal pixels would be one question.
  for (const role of ['lr', 'gt', 'sr']) {
    const right = join(host.workspace, 'images', role, 'right.png')
    await writeFile(
      right,
      await sharp(await readFile(right))
        .rotate(90)
        .toBuffer(),
    )
  }
  await writeFile(join(host.workspace, 'steps.mirage.md'), studyText(judge.url))
  const dear = 'key: CANARY_KEY, price: { input: 1000, output: 1000 } }\n  confirmAbove: 0.1\n  repeats: 2'
  const text = studyText(judge.url).replace('key: CANARY_KEY }', dear)
  await writeFile(join(host.workspace, 'dear.mirage.md'), text)
  workbench = await Workbench.open(host, { height: 2000, width: 1700 })
  debug = new Debugger(workbench)
  await workbench.openStudy('steps.mirage.md')
}, 300_000)

afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await workbench?.screenshot(task.name)
})

afterAll(async () => {
  await workbench?.close()
  await host?.stop()
  await judge?.close()
}, 60_000)

describe('stepping through a score cell in a real VS Code', () => {
  test('a breakpoint in the prompt cell stops at the rendered prompt, with its values', async () => {
    await workbench.runCell('triplets')
    await workbench.succeeded(1)
    await debug.toggleBreakpoint('List what the model invented.')
    await debug.start('baseURL')
    await debug.at('rendered prompt · left · plain')
    await debug.shows('text', 'You see 3 images: The reference (ground truth)')
    await debug.unfold('variables')
    await debug.shows('range', '[1,5]')
    await workbench.screenshot('stepping-1-rendered-prompt')
    expect(judge.calls).toHaveLength(0)
  })

  test('steps over the images, the request and the raw answer', async () => {
    await debug.step()
    await debug.at('images as sent · left · plain')
    const frame = await workbench.output('.gallery-tile')
    await expect.poll(() => frame.locator('.gallery-tile').count()).toBe(3)
    await workbench.screenshot('stepping-2-images-as-sent')
    await debug.step()
    await debug.at('request · left · plain')
    await debug.unfold('body')
    await debug.unfold('messages')
    await debug.shows('model', '"scripted"')
    await workbench.screenshot('stepping-3-request')
    expect(judge.calls).toHaveLength(0)
    await debug.step()
    await debug.at('raw answer · left · plain')
    expect(judge.calls).toHaveLength(1)
    await debug.shows('text', '\\"score\\":2')
    await workbench.screenshot('stepping-4-raw-answer')
  })

  test('goes on from an answer that was changed by hand, and says so', async () => {
    await debug.set('text', wellFormed(4))
    await debug.at('raw answer · left · plain · edited')
    await debug.step()
    await debug.at('parsed answer · left · plain · edited')
    await workbench.screenshot('stepping-5-parsed-from-an-edited-answer')
    await debug.step()
    await debug.at('score · left · plain · edited')
    await debug.shows('score', '4')
    await workbench.screenshot('stepping-6-score-edited')
  })

  test('restarts an earlier stage and finds the judge’s own answer again without a call', async () => {
    await debug.restart('raw answer')
    await debug.at('raw answer · left · plain')
    await debug.shows('text', '\\"score\\":2')
    await debug.shows('stored', 'true')
    expect(judge.calls).toHaveLength(1)
    await debug.set('text', wellFormed(4))
  })

  test('runs to the next image, and asks the prompt that was changed there', async () => {
    await debug.nextImage()
    await debug.at('rendered prompt · right · plain')
    await debug.shows('text', 'You see 3 images')
    await debug.set('text', 'Is the sky invented?')
    // A step that is asked for while one goes on is none.
    await debug.step()
    await debug.at('images as sent · right · plain · edited')
    await debug.step()
    await debug.at('request · right · plain · edited')
    await debug.step()
    await debug.at('raw answer · right · plain · edited')
    expect(JSON.stringify(judge.calls.at(-1)?.body)).toContain('Is the sky invented?')
    await workbench.screenshot('stepping-7-next-image-edited-prompt')
  })

  test('continues to the end; the result says that it was edited', async () => {
    await debug.continue()
    await debug.ended()
    const frame = await workbench.output('text=2 scores were edited while stepping')
    expect(await frame.locator('body').textContent()).toContain('edited while stepping')
    await workbench.screenshot('stepping-8-result-edited')
  })

  test('a run afterwards asks what was never asked, and has the judge’s own answers', async () => {
    const before = judge.calls.length
    await workbench.runCell('baseURL')
    const frame = await workbench.output('text=gets 2 images in 1 calls')
    await expect
      .poll(() => frame.locator('body').textContent(), { timeout: 30_000 })
      .not.toContain('edited while stepping')
    // The note is there before the judge has answered.
    const scores = frame.locator('tr', { hasText: /^(left|right)plain2–1/ })
    await expect.poll(() => scores.count(), { timeout: 30_000 }).toBe(2)
    await workbench.screenshot('stepping-9-run-afterwards')
    // The left image's question was answered while stepping; the right one's was only ever asked with another prompt.
    expect(judge.calls).toHaveLength(before + 1)
    expect(await workbench.isDirty()).toBe(false)
  })

  test('above its limit of costs a cell asks the person, and goes on once they agree', async () => {
    // The side bar shows the debugger.
    await workbench.page.keyboard.press('ControlOrMeta+Shift+E')
    await workbench.openStudy('dear.mirage.md')
    // The study behind has cells, too.
    await workbench.cell('confirmAbove').waitFor()
    const before = judge.calls.length
    await workbench.runAll()
    const dialog = workbench.page.locator('.monaco-dialog-box')
    await dialog.getByText('The cell "hs" would cost about $').waitFor()
    await workbench.screenshot('stepping-10-costs-are-agreed-to')
    expect(judge.calls).toHaveLength(before)
    await dialog.getByText('Spend up to $').click()
    // Of the two looks at each image the first is known. Marks of the study behind are there already.
    await expect.poll(() => judge.calls.length, { timeout: 60_000 }).toBe(before + 2)
    await workbench.kernelStatus().filter({ hasText: 'idle' }).waitFor()
    await workbench.succeeded(3)
    expect(await workbench.isDirty()).toBe(false)
  })

  test('the key went to the judge, and is in no file of the study, of the editor or of its logs', async () => {
    expect(judge.calls.at(-1)?.authorization).toBe(`Bearer ${CANARY}`)
    const folder = join(host.workspace, '..')
    const entries = await readdir(folder, { recursive: true, withFileTypes: true })
    const files = entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
    const own = files.filter(file => !file.startsWith(join(folder, 'extensions')))
    expect(own.some(file => file.endsWith('.log'))).toBe(true)
    for (const file of own) expect((await readFile(file, 'latin1')).includes(CANARY), file).toBe(false)
  })
}, 300_000)
