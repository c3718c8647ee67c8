import { mkdir, rename, writeFile } from 'node:fs/promises'
import { dirname, extname, isAbsolute, relative, resolve } from 'node:path'
import * as z from 'zod'
import { MirageError } from '../errors.ts'
import { reads } from '../schema.ts'
import type { StepDefinition } from '../step.ts'
import { FORMATS } from './table-formats.ts'

const params = z.strictObject({
  of: reads('table', 'Table to write.'),
  to: z
    .string()
    .min(1)
    .meta({ description: `File to write, relative to the study; ${Object.keys(FORMATS).join(', ')}.` }),
})

/** Writes a table to a file: columns id, method, then one per number. */
export const exportTable: StepDefinition<typeof params> = {
  name: 'export',
  version: 1,
  summary: 'Writes a table to CSV, JSON lines or Parquet.',
  params,
  granularity: 'table',
  async *run({ of, to }, { input, folder }) {
    const format = FORMATS[extname(to).toLowerCase()]
    if (!format) {
      throw new MirageError({
        code: 'format-unknown',
        message: `"${to}" does not say a format that can be written.`,
        remedy: `End the name with one of: ${Object.keys(FORMATS).join(', ')}.`,
      })
    }
    const path = inside(folder, to)
    const table = input(of, 'table')
    const bytes = format(table)
    await mkdir(dirname(path), { recursive: true })
    // A reader of the file, or a crash, never sees half of it.
    const temporary = `${path}.${process.pid}.tmp`
    await writeFile(temporary, bytes)
    await rename(temporary, path)
    const text = `Wrote ${table.rows.length} rows to ${to}.`
    return {
      outputs: [{ id: 'export', items: [{ mime: 'text/plain', text }] }],
      // The file may be moved or edited meanwhile, so the step runs again rather than trust an old result.
      cacheable: false,
    }
  },
}

/** @throws MirageError `path-outside` for a path that leaves the study's folder. */
export function inside(folder: string, path: string): string {
  const full = resolve(folder, path)
  const back = relative(folder, full)
  if (back.startsWith('..') || isAbsolute(back)) {
    throw new MirageError({
      code: 'path-outside',
      message: `"${path}" is outside the study's folder.`,
      remedy: 'Write to a path inside the folder of the study.',
    })
  }
  return full
}
