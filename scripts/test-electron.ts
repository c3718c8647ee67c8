/**
 * Runs the tests of test/e2e/in-host inside the extension host of VS Code, by `@vscode/test-electron`.
 *
 *     node scripts/test-electron.ts                 a desktop VS Code, downloaded into .vscode-test
 *     node scripts/test-electron.ts --executable X  another VS Code, or a stand-in for it; nothing is downloaded
 *
 * The tests that look at pixels need a browser in front of the workbench and run with code-server only
 * (test/e2e/*.test.ts); those also run these ones, through test/e2e/support/code-server-as-code.ts.
 */
import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { runTests } from '@vscode/test-electron'
import * as esbuild from 'esbuild'

const root = resolve(import.meta.dirname, '..')
const { values } = parseArgs({ options: { executable: { type: 'string' } } })

const bundle = join(root, 'dist', 'in-host-tests.cjs')
await mkdir(join(root, 'dist'), { recursive: true })
await esbuild.build({
  entryPoints: [join(root, 'test', 'e2e', 'in-host', 'index.ts')],
  outfile: bundle,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  external: ['vscode', 'mocha'],
  sourcemap: 'inline',
  logLevel: 'warning',
})
try {
  process.exitCode = await runTests({
    extensionDevelopmentPath: root,
    extensionTestsPath: bundle,
    launchArgs: ['--disable-extensions'],
    ...(values.executable && { vscodeExecutablePath: resolve(values.executable) }),
  })
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
