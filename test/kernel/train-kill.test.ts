import { spawn } from 'node:child_process'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createRng } from '../../src/kernel/stats/resampling/rng.ts'
import { toyTraining } from '../unit/train/toy.ts'

/** The learned hash that a training process prints, or undefined where it was killed before. */
function run(parameters: string, killAfter?: number): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['test/fixtures/train-run.ts', parameters], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let said = ''
    child.stdout.on('data', chunk => {
      said += chunk
    })
    const timer = killAfter === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfter)
    child.on('error', reject)
    child.on('exit', (code, signal) => {
      clearTimeout(timer)
      if (signal === 'SIGKILL') resolve(undefined)
      else if (code === 0) resolve(said.trim())
      else reject(new Error(`the training ended with code ${code}`))
    })
  })
}

test('a training whose process is killed at random moments ends with the weights of one that lived', {
  timeout: 120_000,
}, async () => {
  const folders: string[] = []
  const prepare = async () => {
    const { folder, store, settings } = await toyTraining({ steps: 400, every: 4 })
    folders.push(folder)
    const parameters = join(folder, 'parameters.json')
    await writeFile(parameters, JSON.stringify({ params: { run: 'toy', settings }, storeRoot: store.root }))
    return parameters
  }
  try {
    const start = performance.now()
    const undisturbed = await run(await prepare())
    const whole = performance.now() - start
    const parameters = await prepare()
    const random = createRng(5)
    let learned: string | undefined
    let kills = 0
    for (; learned === undefined && kills < 6; kills++)
      learned = await run(parameters, whole * (0.3 + 0.5 * random.uniform()))
    learned ??= await run(parameters)
    expect(kills).toBeGreaterThan(1)
    expect(learned).toBe(undisturbed)
  } finally {
    for (const folder of folders) await rm(folder, { recursive: true, force: true })
  }
})
