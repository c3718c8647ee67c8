import { dirname } from 'node:path'
import { parse } from 'csv-parse/sync'
import * as z from 'zod'
import { MirageError } from '../../errors.ts'
import { asFile, byName, stem } from './find.ts'
import type { Triplet } from './pair.ts'

const path = z.string().min(1)
const entry = z.looseObject({
  id: z.string().min(1).optional(),
  lr: path.optional(),
  gt: path.optional(),
  method: z.string().min(1).optional(),
  sr: z.union([path, z.record(z.string().min(1), path)]).optional(),
})

/**
 * Reads a list of triplets: CSV with a header, or JSONL. The columns are `id` (default: the name of the first file without
 * extension), `lr`, `gt`, and either `method` and `sr` with a line per method, or a column `sr.<method>` per method (in
 * JSONL also `"sr": {"<method>": path}`). Paths are relative to the manifest; names in the result are relative to `folder`.
 *
 * @throws MirageError `manifest-invalid`, with the line
 */
export function readManifest(text: string, manifest: string, folder: string): Triplet[] {
  const base = dirname(manifest)
  const byId = new Map<string, Triplet>()
  for (const { line, record } of /\.(jsonl|ndjson)$/i.test(manifest) ? jsonLines(text) : csvLines(text)) {
    const parsed = entry.safeParse(record)
    if (!parsed.success) throw invalid(line, z.prettifyError(parsed.error))
    const { lr, gt } = parsed.data
    const sr = methodsOf(parsed.data, line)
    const first = lr ?? gt ?? Object.values(sr)[0]
    if (first === undefined) throw invalid(line, 'it names no file')
    const id = parsed.data.id ?? stem(first)
    const triplet = byId.get(id) ?? { id, sr: {} }
    byId.set(id, triplet)
    for (const [role, file] of [['lr', lr] as const, ['gt', gt] as const]) {
      if (file === undefined) continue
      const found = asFile(folder, asFile(base, file).path)
      if (triplet[role] && triplet[role].path !== found.path) {
        throw invalid(line, `"${id}" has another ${role} above: ${triplet[role].name}`)
      }
      triplet[role] = found
    }
    for (const [method, file] of Object.entries(sr)) {
      if (triplet.sr[method]) throw invalid(line, `"${id}" has an image by ${method} above`)
      triplet.sr[method] = asFile(folder, asFile(base, file).path)
    }
  }
  return [...byId.values()].sort((a, b) => byName(a.id, b.id))
}

function methodsOf(record: z.output<typeof entry>, line: number): Record<string, string> {
  const methods: Record<string, string> = {}
  if (typeof record.sr === 'string') {
    if (!record.method) throw invalid(line, '`sr` needs the name of its `method`')
    methods[record.method] = record.sr
  } else Object.assign(methods, record.sr)
  for (const [key, value] of Object.entries(record)) {
    if (key.startsWith('sr.') && typeof value === 'string' && value !== '') methods[key.slice(3)] = value
  }
  return methods
}

interface Line {
  line: number
  record: unknown
}

function jsonLines(text: string): Line[] {
  return text.split(/\r?\n/).flatMap((source, i) => {
    if (source.trim() === '') return []
    try {
      return [{ line: i + 1, record: JSON.parse(source) as unknown }]
    } catch (error) {
      throw invalid(i + 1, (error as Error).message)
    }
  })
}

function csvLines(text: string): Line[] {
  try {
    const rows = parse(text, { columns: true, bom: true, trim: true, skip_empty_lines: true, info: true })
    return (rows as unknown as { info: { lines: number }; record: Record<string, string> }[]).map(
      ({ info, record }) => ({
        line: info.lines,
        // An empty cell says nothing.
        record: Object.fromEntries(Object.entries(record).filter(([, value]) => value !== '')),
      }),
    )
  } catch (error) {
    throw invalid((error as { lines?: number }).lines ?? 1, (error as Error).message)
  }
}

function invalid(line: number, why: string): MirageError {
  return new MirageError({
    code: 'manifest-invalid',
    message: `Line ${line} of the manifest cannot be used: ${why}.`,
    remedy:
      'Columns are id, lr, gt, and method with sr (a line per method) or sr.<method> (a column per method).',
  })
}
