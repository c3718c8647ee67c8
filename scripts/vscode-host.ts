/**
 * Installs what the end-to-end tests run in: a real VS Code (code-server, with its own Node) from npm, in a folder of
 * its own outside the project, and checks for a Chromium. Called again it does nothing.
 *
 *     node scripts/vscode-host.ts
 *
 * What is missing from the system is installed when this runs as root on Debian or Ubuntu; otherwise the command that
 * installs it is said and the exit code is not 0.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { CHROMIUM_NAMES, findChromium, hostPaths } from '../test/e2e/support/host-paths.ts'

const NODE = '24.21.0'
const CODE_SERVER = '4.139.1'

const paths = hostPaths()
installSystemPackages()
installNode()
installCodeServer()
console.log(`VS Code for the end-to-end tests: ${version()}, in ${paths.root}`)

/** Chromium to look at the workbench, and the headers that code-server's `kerberos` is compiled against. */
function installSystemPackages(): void {
  const missing = [
    ...(findChromium() ? [] : ['chromium', 'fonts-dejavu-core', 'fonts-liberation']),
    ...(process.platform === 'linux' && !codeServerInstalled() && !existsSync('/usr/include/gssapi/gssapi.h')
      ? ['libkrb5-dev']
      : []),
  ]
  if (missing.length === 0) return
  const command = `apt-get update && apt-get install -y --no-install-recommends ${missing.join(' ')}`
  const canInstall = process.getuid?.() === 0 && spawnSync('apt-get', ['--version']).status === 0
  if (canInstall) {
    console.log(`Installing ${missing.join(', ')} ...`)
    run('sh', ['-c', command], { DEBIAN_FRONTEND: 'noninteractive' })
    if (findChromium()) return
  }
  fail(
    `The end-to-end tests need ${missing.join(', ')}.`,
    `sudo sh -c '${command}'`,
    `A Chromium elsewhere is found as ${CHROMIUM_NAMES.join(' or ')} on PATH, or by MIRAGE_CHROMIUM=/path/to/chromium.`,
  )
}

function installNode(): void {
  if (existsSync(paths.node)) return
  console.log(`Installing Node ${NODE} for VS Code ...`)
  install(join(paths.root, 'node'), `node@${NODE}`, process.env.PATH)
}

/** Its install script compiles native modules for the Node that runs npm, so that has to be the host's own. */
function installCodeServer(): void {
  if (codeServerInstalled()) return
  console.log(`Installing code-server ${CODE_SERVER} (about 2 minutes, 620 MB) ...`)
  install(
    join(paths.root, 'code'),
    `code-server@${CODE_SERVER}`,
    dirname(paths.node) + delimiter + process.env.PATH,
  )
  writeFileSync(installedMark(), '')
}

function codeServerInstalled(): boolean {
  return existsSync(installedMark()) && existsSync(paths.entry)
}

/** Written last, so that an install that was cut off is done again. */
function installedMark(): string {
  return join(paths.root, 'code', `.ok-${CODE_SERVER}`)
}

function install(folder: string, what: string, path: string | undefined): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{"private":true}\n')
  try {
    run(
      'npm',
      ['install', '--no-audit', '--no-fund', what],
      { PATH: path, npm_config_unsafe_perm: 'true' },
      folder,
    )
  } catch {
    fail(
      `npm could not install ${what}.`,
      `cd ${folder} && PATH=${dirname(paths.node)}:$PATH npm install ${what}`,
    )
  }
}

/** npm's own settings of the calling script would reach into the other folder. */
function run(command: string, args: string[], env: NodeJS.ProcessEnv, cwd = homedir()): void {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)))
  execFileSync(command, args, { cwd, stdio: 'inherit', env: { ...inherited, ...env } })
}

function version(): string {
  try {
    return execFileSync(paths.node, [paths.entry, '--version'], { encoding: 'utf8' }).trim()
  } catch {
    return fail(
      'The installed VS Code does not start.',
      `rm -rf ${paths.root} && node scripts/vscode-host.ts`,
    )
  }
}

function fail(problem: string, command: string, note?: string): never {
  console.error(`${problem}\nRun:\n    ${command}${note ? `\n${note}` : ''}`)
  process.exit(1)
}
