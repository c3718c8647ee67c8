import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { serveSocket } from './serve/socket.ts'
import { serveStdio } from './serve/stdio.ts'

/**
 * Entry of the kernel process. JSON-RPC over standard input and output, for a client that the kernel ends with; with
 * `--listen`, over a socket that a client may leave and come back to.
 *
 * Whatever else is printed goes to standard error.
 */
console.log = console.info = console.debug = console.error

const here = dirname(fileURLToPath(import.meta.url))
const computeEntry = join(here, 'compute.mjs')
if (!existsSync(computeEntry)) console.error(`The compute bundle is missing beside ${here}: run the build.`)

const installation = [process.execPath, '--enable-source-maps', join(here, 'cli.mjs')]
const options = { computeEntry, assets: here, installation }
if (process.argv.includes('--listen')) await serveSocket(options)
else serveStdio(options)
process.on('SIGINT', () => {
  // Ctrl-C reaches the whole process group; the client decides what it means.
})
