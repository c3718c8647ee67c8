/**
 * Unpacks Mesa's software Vulkan driver and the Vulkan loader, on which the tests run WebGPU without a GPU, into a folder
 * of its own: neither the system nor its package sources are changed, and no rights are needed. Called again it does
 * nothing. Where this cannot be done it says why, and the tests that need it say that they are skipped.
 *
 *     node scripts/vulkan.ts
 */
import { execFileSync, spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { softwareVulkan, vulkanFolder } from '../test/support/software-vulkan.ts'

const PACKAGES = ['libvulkan1', 'mesa-vulkan-drivers']

if (process.platform === 'linux' && softwareVulkan() === undefined) {
  try {
    unpack(vulkanFolder())
  } catch (error) {
    console.error(
      `No software Vulkan driver: ${(error as Error).message}\nThe WebGPU tests are skipped. On Debian or Ubuntu run:\n    node scripts/vulkan.ts`,
    )
  }
}

/** In a folder beside the target first, so that a half is never found. */
function unpack(target: string): void {
  if (spawnSync('apt-get', ['--version']).status !== 0) throw new Error('there is no apt-get here.')
  console.log(`Unpacking ${PACKAGES.join(', ')} into ${target} (about 22 MB to fetch) ...`)
  mkdirSync(dirname(target), { recursive: true })
  const work = mkdtempSync(`${target}-`)
  try {
    const apt = aptIn(work)
    apt('update')
    apt('install', '--download-only', '--reinstall', '--yes', '--no-install-recommends', ...PACKAGES)
    const archives = join(work, 'cache', 'archives')
    const root = join(work, 'root')
    for (const name of readdirSync(archives).filter(each => each.endsWith('.deb'))) {
      execFileSync('dpkg-deb', ['--extract', join(archives, name), root])
    }
    rmSync(target, { recursive: true, force: true })
    renameSync(root, target)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** apt-get with package lists and archives of its own. Mesa in Debian 12 is too old for WebGPU: there it is the backport. */
function aptIn(work: string): (...args: string[]) => void {
  for (const name of ['lists/partial', 'cache/archives/partial'])
    mkdirSync(join(work, name), { recursive: true })
  const settings = [`Dir::State::Lists=${work}/lists`, `Dir::Cache=${work}/cache`, 'Debug::NoLocking=1']
  if (/^VERSION_CODENAME=bookworm$/m.test(readFileSync('/etc/os-release', 'utf8'))) {
    const key = '/usr/share/keyrings/debian-archive-keyring.gpg'
    const from = (suite: string) =>
      `deb ${existsSync(key) ? `[signed-by=${key}] ` : ''}http://deb.debian.org/debian ${suite} main\n`
    writeFileSync(join(work, 'sources.list'), from('bookworm') + from('bookworm-backports'))
    settings.push(`Dir::Etc::SourceList=${work}/sources.list`, 'Dir::Etc::SourceParts=-')
    settings.push('APT::Default-Release=bookworm-backports')
  }
  const options = settings.flatMap(each => ['-o', each])
  return (...args) => {
    const { status, stderr } = spawnSync('apt-get', [...options, '--quiet=2', ...args], { encoding: 'utf8' })
    if (status !== 0) throw new Error(`apt-get ${args[0]} failed: ${stderr.trim().split('\n').at(-1)}`)
  }
}
