import { spawn } from 'node:child_process'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { createRng } from '../../src/kernel/stats/resampling/rng.ts'
import { toyTraining } from '../unit/train/toy.ts'

/**
 * The learned hash that a training process prints, or undefined where it was killed before: so many milliseconds after its
 * first update.
 */
function run(parameters: string, killAfter?: number): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['test/fixtures/train-run.ts', parameters], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let timer: NodeJS.Timeout | undefined
    let learned = ''
    createInterface({ input: child.stdout }).on('line', line => {
      if (line !== 'training') learned = line
      else if (killAfter !== undefined) timer ??= setTimeout(() => child.kill('SIGKILL'), killAfter)
    })
    child.on('error', reject)
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      if (signal === 'SIGKILL') resolve(undefined)
      else if (code === 0) resolve(learned)
      else reject(new Error(`the training ended with code ${code}`))
    })
  })
}

test('a training whose process is killed at 20 random moments ends with the weights of one that lived', {
  timeout: 600_000,
}, async () => {
  const folders: string[] = []
  const prepare = async () => {
    const { folder, store, settings } = await toyTraining({ steps: 600, every: 6 })
    folders.push(folder)
    const parameters = join(folder, 'parameters.json')
    await writeFile(parameters, JSON.stringify({ params: { run: 'toy', settings }, storeRoot: store.root }))
    return parameters
  }
  try {
    const undisturbed = await run(await prepare())
    const parameters = await prepare()
    const random = createRng(5)
    let learned: string | undefined
    let kills = 0
    while (learned === undefined && kills < 20) {
      learned = await run(parameters, 25 * random.uniform())
      if (learned === undefined) kills++
    }
    learned ??= await run(parameters)
    expect(kills).toBe(20)
    expect(learned).toBe(undisturbed)
  } finally {
    for (const folder of folders) await rm(folder, { recursive: true, force: true })
  }
})
