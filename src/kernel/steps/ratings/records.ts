import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { parse } from 'csv-parse/sync'
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet'
import { MirageError } from '../../errors.ts'

/** A line of a table from elsewhere, and where it stands in its file, for errors. */
export interface TableRecord {
  /** 1-based line of a text file, or row of a Parquet file. */
  line: number
  fields: Record<string, unknown>
}

/** Readers of tables by file extension. */
const READERS: Record<string, (path: string, name: string) => Promise<TableRecord[]>> = {
  '.csv': (path, name) => separated(path, name, ','),
  '.tsv': (path, name) => separated(path, name, '\t'),
  '.jsonl': jsonLines,
  '.ndjson': jsonLines,
  '.parquet': parquet,
}

/** @throws MirageError `format-unknown`, `table-unreadable` with the line */
export async function readRecords(path: string, name: string): Promise<TableRecord[]> {
  const read = READERS[extname(name).toLowerCase()]
  if (!read) {
    throw new MirageError({
      code: 'format-unknown',
      message: `${name} is no table that can be read.`,
      remedy: `Give a file that ends with one of: ${Object.keys(READERS).join(', ')}.`,
    })
  }
  return read(path, name)
}

async function separated(path: string, name: string, delimiter: string): Promise<TableRecord[]> {
  try {
    const options = {
      columns: true,
      bom: true,
      skip_empty_lines: true,
      info: true,
      trim: true,
      delimiter,
    } as const
    const parsed = parse(await readFile(path, 'utf8'), options) as unknown as {
      info: { lines: number }
      record: Record<string, string>
    }[]
    return parsed.map(({ info, record }) => ({ line: info.lines, fields: record }))
  } catch (error) {
    throw unreadable(name, (error as Error).message, error)
  }
}

async function jsonLines(path: string, name: string): Promise<TableRecord[]> {
  return (await readFile(path, 'utf8')).split(/\r?\n/).flatMap((source, index) => {
    if (source.trim() === '') return []
    try {
      const fields = JSON.parse(source) as unknown
      if (typeof fields !== 'object' || fields === null || Array.isArray(fields))
        throw new Error('it is no object')
      return [{ line: index + 1, fields: fields as Record<string, unknown> }]
    } catch (error) {
      throw unreadable(name, `line ${index + 1}: ${(error as Error).message}`, error)
    }
  })
}

async function parquet(path: string, name: string): Promise<TableRecord[]> {
  try {
    const rows = await parquetReadObjects({ file: await asyncBufferFromFile(path) })
    return rows.map((fields, index) => ({ line: index + 1, fields }))
  } catch (error) {
    throw unreadable(name, (error as Error).message, error)
  }
}

function unreadable(name: string, why: string, cause: unknown): MirageError {
  return new MirageError(
    {
      code: 'table-unreadable',
      message: `${name} cannot be read as a table: ${why}.`,
      remedy: 'Check the file; CSV needs a header line, JSONL an object per line.',
    },
    { cause },
  )
}
