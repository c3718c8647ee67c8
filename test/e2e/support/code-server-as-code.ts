#!/usr/bin/env node
/**
 * Stands in for VS Code's desktop executable where none can be downloaded: takes the arguments that
 * `@vscode/test-electron` gives (`--extensionDevelopmentPath`, `--extensionTestsPath`), runs those tests in
 * code-server's extension host with a Chromium in front, and ends with the tests' exit code.
 */
import { format, parseArgs } from 'node:util'
import { chromium } from 'playwright-core'
import { startHost } from './host.ts'
import { findChromium } from './host-paths.ts'

const { values } = parseArgs({
  strict: false,
  options: { extensionDevelopmentPath: { type: 'string' }, extensionTestsPath: { type: 'string' } },
})

const host = await startHost({
  // Without it the server ignores that the page asks for extension tests.
  args: ['--vscode-option', 'enable-smoke-test-driver'],
  withoutExtension: true,
})
const browser = await chromium.launch({
  executablePath: findChromium(),
  args: ['--no-sandbox', '--disable-gpu'],
})
try {
  const page = await browser.newPage()
  const ended = Promise.withResolvers<number>()
  await page.exposeFunction('codeAutomationExit', (code: number) => ended.resolve(code))
  await page.exposeFunction('codeAutomationLog', (_type: string, args: unknown[]) => {
    const line = format(...args)
    // The workbench's own chatter comes the same way as mocha's report.
    if (!/^(\[|Ignoring|Creating|Resolv|Updating|Started|Error while)/.test(line)) console.log(line)
  })
  const remote = (path: unknown) => `vscode-remote://127.0.0.1:${host.port}${path}`
  const payload = [
    ['extensionDevelopmentPath', remote(values.extensionDevelopmentPath)],
    ['extensionTestsPath', remote(values.extensionTestsPath)],
    ['skipWelcome', 'true'],
  ]
  await page.goto(`${host.url()}&payload=${encodeURIComponent(JSON.stringify(payload))}`, {
    waitUntil: 'commit',
    timeout: 120_000,
  })
  const timer = setTimeout(() => ended.resolve(124), 280_000)
  process.exitCode = await ended.promise
  clearTimeout(timer)
} finally {
  await browser.close()
  await host.stop()
}
