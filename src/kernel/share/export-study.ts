import { readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { MirageError } from '../errors.ts'
import { MIME } from '../protocol/mime.ts'
import type { Store } from '../store/store.ts'
import { type PageScripts, toHtml } from './html.ts'
import { toIpynb } from './ipynb.ts'
import { type Material, readMaterial } from './material.ts'

export interface ExportOptions {
  /** Absolute path of the study. */
  study: string
  format: ExportFormat
  /** Absolute path of the file to write. */
  to: string
  store: Store
  /** Folder of what comes with Mirage: `renderers/`. */
  assets: string
}

/** What a study can be exported to, without running it. */
const FORMATS = {
  html: async (material: Material, assets: string) => toHtml(material, await readScripts(assets)),
  ipynb: async (material: Material) => toIpynb(material),
}
export type ExportFormat = keyof typeof FORMATS
export const EXPORT_FORMATS = Object.keys(FORMATS) as ExportFormat[]

/** Writes a study with its saved outputs as one file; returns what was left out. */
export async function exportStudy({
  study,
  format,
  to,
  store,
  assets,
}: ExportOptions): Promise<{ missing: string[] }> {
  const material = await readMaterial(study, store)
  if (material.outputs.size === 0) {
    throw new MirageError({
      code: 'nothing-to-export',
      message: `${basename(study)} has no saved outputs.`,
      remedy: 'Run the study first; an export runs nothing.',
    })
  }
  const text = await FORMATS[format](material, assets)
  const temporary = `${to}.${process.pid}.tmp`
  await writeFile(temporary, text)
  await rename(temporary, to)
  const missing = material.document.cells.flatMap(cell =>
    cell.kind === 'prose' || material.outputs.has(cell.id) ? [] : [cell.id],
  )
  return { missing }
}

async function readScripts(assets: string): Promise<PageScripts> {
  const folder = join(assets, 'renderers')
  const mimes = new Map<string, string>(Object.entries(MIME))
  const renderers = new Map<string, string>()
  for (const file of await readdir(folder)) {
    const mime = mimes.get(file.replace(/\.js$/, ''))
    if (mime) renderers.set(mime, await readFile(join(folder, file), 'utf8'))
  }
  return { renderers, page: await readFile(join(folder, 'page.js'), 'utf8') }
}
