import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { findChromium, hostPaths } from './host-paths.ts'
import { kernelsFrom } from './processes.ts'

export const PROJECT = resolve(import.meta.dirname, '../../..')
/** The package that is installed: what users get, but for how well it is compressed. */
export const VSIX = join(PROJECT, 'dist', 'mirage.vsix')

export interface HostOptions {
  /** Added to the quiet defaults. */
  settings?: Record<string, unknown>
  env?: Record<string, string>
  /** Ask for workspace trust, as a person's VS Code does. */
  trust?: boolean
  /** Arguments of code-server besides its own. */
  args?: string[]
  /** For a page that brings the extension itself. */
  withoutExtension?: boolean
}

export interface Host {
  /** The throw-away folder that everything of this host is in. */
  root: string
  /** A fresh folder in it to open. */
  workspace: string
  url(folder?: string): string
  port: number
  /** Process of the server. */
  pid: number
  /** What the server printed. */
  log(): string
  stop(): Promise<void>
}

/** Settings that keep prompts, tips, side bars and network out of the picture. */
const QUIET = {
  // A file that is opened before the extensions are known would open as text.
  'workbench.editorAssociations': { '*.mirage.md': 'mirage-study' },
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.enableExperiments': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.colorTheme': 'Default Dark Modern',
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'git.enabled': false,
  'chat.disableAIFeatures': true,
  'chat.commandCenter.enabled': false,
  'files.autoSave': 'off',
}

/** Starts a real VS Code (code-server) with the packed Mirage installed, in throw-away folders. */
export async function startHost(options: HostOptions = {}): Promise<Host> {
  const { node, entry } = requireInstalled()
  const root = await mkdtemp(join(tmpdir(), 'mirage-e2e-'))
  const folder = async (name: string) => {
    const path = join(root, name)
    await mkdir(path, { recursive: true })
    return path
  }
  const userData = await folder('user-data')
  const extensions = await folder('extensions')
  const workspace = await folder('study')
  const settings = {
    ...QUIET,
    'security.workspace.trust.enabled': options.trust ?? false,
    ...options.settings,
  }
  // Settings of a machine are read from the second file alone.
  for (const scope of ['User', 'Machine']) {
    await writeFile(join(await folder(`user-data/${scope}`), 'settings.json'), JSON.stringify(settings))
  }

  const env = {
    ...withoutEditor(process.env),
    EXTENSIONS_GALLERY: '{"serviceUrl":""}',
    XDG_CONFIG_HOME: await folder('config'),
    XDG_DATA_HOME: await folder('data'),
    TMPDIR: await folder('tmp'),
    ...options.env,
  }
  const folders = ['--user-data-dir', userData, '--extensions-dir', extensions]
  if (!options.withoutExtension) await runToEnd(node, [entry, ...folders, '--install-extension', VSIX], env)

  const port = await freePort()
  const server = spawn(
    node,
    [
      entry,
      ...folders,
      ...[
        '--bind-addr',
        `127.0.0.1:${port}`,
        '--auth',
        'none',
        '--disable-telemetry',
        '--disable-update-check',
      ],
      ...['--disable-getting-started-override', '--disable-proxy', '--ignore-last-opened'],
      ...(options.trust ? [] : ['--disable-workspace-trust']),
      ...(options.args ?? []),
    ],
    { cwd: workspace, env, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let log = ''
  for (const stream of [server.stdout, server.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      log += chunk.toString()
    })
  }
  const stop = async () => {
    await end(server)
    // A kernel waits for its window to come back, and none will.
    for (const { pid } of kernelsFrom(root)) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // It has ended since.
      }
    }
    await rm(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 })
  }
  try {
    await answering(port, server, () => log)
  } catch (error) {
    await stop()
    throw error
  }
  return {
    root,
    workspace,
    url: (path = workspace) => `http://127.0.0.1:${port}/?folder=${encodeURIComponent(path)}`,
    port,
    pid: server.pid!,
    log: () => log,
    stop,
  }
}

/** A missing host is a failure that says what to run, never a skipped test. */
function requireInstalled() {
  const paths = hostPaths()
  if (!existsSync(paths.entry) || !findChromium()) {
    throw new Error(
      'VS Code or Chromium for the end-to-end tests is missing. Run: node scripts/vscode-host.ts',
    )
  }
  const built = modified(join(PROJECT, 'dist', 'extension.cjs'))
  if (modified(VSIX) < built || built === 0) {
    throw new Error('There is no package of what was built last. Run: npm run build && npm run package:quick')
  }
  return paths
}

/** Milliseconds since the epoch, 0 for a file that is not there. */
function modified(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

async function answering(port: number, server: ChildProcess, log: () => string): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    if (server.exitCode !== null) break
    const reply = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => undefined)
    if (reply?.ok) return
    await sleep(100)
  }
  throw new Error(`VS Code did not start.\n${log()}`)
}

async function end(server: ChildProcess): Promise<void> {
  const ended = new Promise(done => server.once('exit', done))
  if (server.exitCode !== null || server.signalCode !== null) return
  server.kill('SIGTERM')
  const timer = setTimeout(() => server.kill('SIGKILL'), 5000)
  await ended
  clearTimeout(timer)
}

function runToEnd(command: string, args: string[], env: NodeJS.ProcessEnv): Promise<void> {
  return new Promise((done, fail) => {
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        said += chunk.toString()
      })
    }
    child.on('exit', code => (code === 0 ? done() : fail(new Error(said))))
  })
}

function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer()
    server.on('error', fail)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() =>
        address && typeof address === 'object' ? done(address.port) : fail(new Error('no port')),
      )
    })
  })
}

/** A test that runs inside VS Code's terminal must not hand its variables on. */
function withoutEditor(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = ([name]: [string, unknown]) =>
    !/^(VSCODE|ELECTRON)_/.test(name) || name.startsWith('VSCODE_TEST')
  return Object.fromEntries(Object.entries(env).filter(kept))
}
