// Bundles everything that runs into dist/, and reports what each bundle weighs.
//   node esbuild.mjs            once
//   node esbuild.mjs --watch    again at every change
//   node esbuild.mjs --report   with the largest inputs of each bundle
//   node esbuild.mjs --production --out=DIR   as it is packaged
import { existsSync, readdirSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import * as esbuild from 'esbuild'

const args = new Set(process.argv.slice(2))
const production = args.has('--production')
const out = process.argv.find(arg => arg.startsWith('--out='))?.slice('--out='.length) ?? 'dist'

/** Native modules and their helpers stay outside: they are loaded by compute processes from node_modules. */
const NATIVE = ['onnxruntime-node', 'sharp']

const shared = {
  bundle: true,
  sourcemap: !production,
  minify: production,
  metafile: true,
  logLevel: 'warning',
  legalComments: 'none',
  // The same code as ES modules, of which only what is used is bundled.
  alias: { yaml: resolve('node_modules/yaml/browser/index.js') },
}

const node = {
  ...shared,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  external: NATIVE,
  // CommonJS dependencies inside an ES module bundle still call `require`.
  banner: {
    js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
  },
  outExtension: { '.js': '.mjs' },
}

/** Parts of kernel and compute processes that are loaded when they are first used, each a bundle beside them. */
const LAZY_KERNEL = {
  'chart-svg': 'src/kernel/pictures/chart-svg.ts',
  openai: 'src/kernel/judge/calls/openai.ts',
}

/** The same for the extension. */
const LAZY = {
  'kernel-client': 'src/kernel/protocol/detached.ts',
  templates: 'src/notebook/prompt/template.ts',
  'debug-session': 'src/extension/debug/stage-debug-session.ts',
}

const lazily = (parts, extension) => ({
  name: 'lazily',
  setup(build) {
    build.onResolve({ filter: /\.ts$/ }, ({ kind, path, resolveDir }) => {
      if (kind !== 'dynamic-import') return undefined
      const file = resolve(resolveDir, path)
      const [name] = Object.entries(parts).find(([, source]) => resolve(source) === file) ?? []
      return name && { path: `./${name}${extension}`, external: true }
    })
  },
})

const renderers = Object.fromEntries(
  readdirSync('src/renderers', { withFileTypes: true })
    .filter(entry => entry.isDirectory() && existsSync(`src/renderers/${entry.name}/index.tsx`))
    .map(entry => [`renderers/${entry.name}`, `src/renderers/${entry.name}/index.tsx`]),
)

const builds = [
  {
    ...node,
    entryPoints: {
      kernel: 'src/kernel/main.ts',
      compute: 'src/kernel/compute/main.ts',
      cli: 'src/cli/main.ts',
      ...LAZY_KERNEL,
    },
    plugins: [lazily(LAZY_KERNEL, '.mjs')],
    // Vega would measure text with it, where there happens to be one.
    external: [...NATIVE, 'canvas'],
    outdir: out,
  },
  {
    ...shared,
    entryPoints: { extension: 'src/extension/extension.ts', ...LAZY },
    plugins: [lazily(LAZY, '.cjs')],
    // So that the parts are found beside the bundle, by `require`.
    supported: { 'dynamic-import': false },
    outdir: out,
    outExtension: { '.js': '.cjs' },
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    external: ['vscode'],
    minify: true,
  },
  {
    ...shared,
    entryPoints: { browser: 'src/extension/browser.ts' },
    outdir: out,
    outExtension: { '.js': '.cjs' },
    platform: 'browser',
    format: 'cjs',
    target: 'es2022',
    external: ['vscode'],
    minify: true,
  },
  {
    ...shared,
    entryPoints: renderers,
    outdir: out,
    platform: 'browser',
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    minify: true,
    sourcemap: false,
  },
].filter(build => Object.values(build.entryPoints).every(entry => existsSync(entry)))

if (args.has('--watch')) {
  for (const build of builds)
    await (await esbuild.context({ ...build, plugins: [...(build.plugins ?? []), announce()] })).watch()
} else {
  // All are finished before the first failure ends the process, so that one broken bundle does not cut off the others.
  const settled = await Promise.allSettled(builds.map(build => esbuild.build(build)))
  const failed = settled.find(({ status }) => status === 'rejected')
  if (failed) throw failed.reason
  const results = settled.map(({ value }) => value)
  const metafile = {
    inputs: Object.assign({}, ...results.map(result => result.metafile.inputs)),
    outputs: Object.assign({}, ...results.map(result => result.metafile.outputs)),
  }
  await mkdir(out, { recursive: true })
  await writeFile(`${out}/meta.json`, JSON.stringify(metafile))
  await report(metafile)
}

function announce() {
  return {
    name: 'announce',
    setup(build) {
      build.onEnd(({ errors }) =>
        console.log(errors.length ? `build failed: ${errors.length} errors` : 'build finished'),
      )
    },
  }
}

async function report({ outputs }) {
  const rows = Object.entries(outputs).filter(([name]) => /\.(mjs|cjs|js)$/.test(name))
  for (const [name, { bytes, inputs }] of rows.sort()) {
    const gzipped = gzipSync(await readFile(name)).length
    console.log(`${name.padEnd(28)} ${kilobytes(bytes)} ${kilobytes(gzipped)} gzipped`)
    if (!args.has('--report')) continue
    const largest = Object.entries(inputs).sort(([, a], [, b]) => b.bytesInOutput - a.bytesInOutput)
    for (const [input, { bytesInOutput }] of largest.slice(0, 8))
      console.log(`    ${kilobytes(bytesInOutput)} ${input}`)
  }
}

function kilobytes(bytes) {
  return `${(bytes / 1000).toFixed(1).padStart(8)} kB`
}
