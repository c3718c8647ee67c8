import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { MIME } from '../../src/kernel/protocol/mime.ts'
import { readOutputs } from '../../src/notebook/outputs.ts'
import type { RendererName } from './browser.ts'

/** A saved output of a study that a renderer draws, as it came out of the kernel. */
export interface StudyOutput {
  study: string
  cell: string
  id: string
  renderer: RendererName
  json: unknown
}

const NAMES = new Map(Object.entries(MIME).map(([name, mime]) => [mime as string, name as RendererName]))

/** The renderable outputs that are saved beside a study. */
export function outputsOf(folder: string, study: string): StudyOutput[] {
  const index = join(folder, `${study}.mirage.outputs`, 'index.json')
  const { cells } = readOutputs(readFileSync(index, 'utf8'))
  return Object.entries(cells).flatMap(([cell, { outputs }]) =>
    outputs.flatMap(({ id, items }) =>
      items.flatMap(item => {
        const renderer = NAMES.get(item.mime)
        return renderer && 'json' in item ? [{ study, cell, id, renderer, json: item.json }] : []
      }),
    ),
  )
}

/** Saved images of a study by hash. */
export function savedObjects(root: string, study: string): Record<string, Buffer> {
  const folder = join(root, `${study}.mirage.outputs`)
  const names = globSync('*.{png,jpg,webp}', { cwd: folder })
  return Object.fromEntries(names.map(name => [name.slice(0, 64), readFileSync(join(folder, name))]))
}
