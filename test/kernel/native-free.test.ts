import { execFileSync } from 'node:child_process'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'

test('the steps and the registry of metrics load no native library, so that the kernel survives what they run', () => {
  const modules = ['src/kernel/steps/index.ts', 'src/kernel/metrics/registry.ts'].map(
    path => `await import(${JSON.stringify(pathToFileURL(resolve(path)).href)})`,
  )
  const shared =
    'process.report.getReport().sharedObjects.filter(path => /\\.node$|vips|onnxruntime/.test(path))'
  const script = `${modules.join('\n')}\nconsole.log(JSON.stringify(${shared}))`
  const printed = execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
    encoding: 'utf8',
  })
  expect(JSON.parse(printed)).toEqual([])
})
