/**
 * Writes dist/language.json: the steps, models and metrics as the built kernel describes them. The editor completes
 * and checks cells from it, so that writing a study needs no kernel.
 */
import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { launchKernel } from '../src/kernel/protocol/client.ts'

const dist = resolve(import.meta.dirname, '..', 'dist')
const kernel = await launchKernel({
  node: process.execPath,
  entry: join(dist, 'kernel.mjs'),
  cwd: dist,
  onEvent() {},
  onExit() {},
  onLog: line => console.error(line),
})
const language = await kernel.request('describe', {})
await kernel.dispose()
await writeFile(join(dist, 'language.json'), JSON.stringify(language))
console.log(`dist/language.json: ${language.steps.length} steps, ${language.metrics.length} metrics`)
