import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { PROJECT } from './support/host.ts'

/** The same tests run in a desktop VS Code by `npm run test:electron`, where one can be downloaded. */
test('the tests inside the extension host pass', async () => {
  const script = join(PROJECT, 'scripts', 'test-electron.ts')
  const standIn = join(import.meta.dirname, 'support', 'code-server-as-code.ts')
  const run = promisify(execFile)(process.execPath, [script, '--executable', standIn], { encoding: 'utf8' })
  const { stdout } = await run.catch((error: { stdout: string; stderr: string }) => {
    throw new Error(`${error.stdout}\n${error.stderr}`)
  })
  expect(stdout).toMatch(/5 passing/)
}, 300_000)
