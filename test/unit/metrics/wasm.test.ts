import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'

test('the WebAssembly that runs is the one that its text says', () => {
  const { status, stderr } = spawnSync(process.execPath, ['scripts/build-wat.ts', '--check'], {
    encoding: 'utf8',
  })
  expect(stderr).toBe('')
  expect(status).toBe(0)
})
