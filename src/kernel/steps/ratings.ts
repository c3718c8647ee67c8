import { resolve } from 'node:path'
import { fileHash } from '../images/file-hash.ts'
import type { Output } from '../protocol/messages.ts'
import { MIME, type TablePayload } from '../protocol/mime.ts'
import type { StepDefinition } from '../step.ts'
import type { StudyTable } from '../value.ts'
import { joinRecords, type Mismatch } from './ratings/join.ts'
import { params, type RatingsParams } from './ratings/params.ts'
import { readRecords } from './ratings/records.ts'
import { type RaterAgreement, raterAgreement, withRatings } from './ratings/summarise.ts'

/** Joins human ratings, or other people's numbers, to a table. */
export const ratings: StepDefinition<typeof params> = {
  name: 'ratings',
  version: 1,
  summary:
    'Joins ratings or metrics from a CSV, JSONL or Parquet file by image and method; agreement of raters.',
  params,
  granularity: 'table',

  async fingerprint({ from }, { folder, store }) {
    return { ratings: { [from]: await fileHash(store, resolve(folder, from), from) } }
  },

  async *run(values, { input, folder, store }) {
    const table = input(values.of, 'table')
    const path = resolve(folder, values.from)
    const hash = await fileHash(store, path, values.from)
    const records = await readRecords(path, values.from)
    const joined = joinRecords(table, records, values)
    const result = withRatings(table, joined, values, hash)
    const agreement = Object.fromEntries(
      Object.entries(values.values).map(([name, settings]) => [
        settings.as ?? name,
        raterAgreement(joined.ratings[name], settings),
      ]),
    )
    const notes = [
      `${records.length} records of ${values.from}, sha256 ${hash.slice(0, 12)}.`,
      ...Object.entries(values.values).map(meaning),
      ...Object.entries(agreement).flatMap(([name, found]) => (found ? [agreementText(name, found)] : [])),
    ]
    const { mismatches } = joined
    if (mismatches.length > 0) yield { type: 'note', text: mismatchText(mismatches) }
    return {
      value: result,
      outputs: [
        output('ratings', ratingsPayload(result, table, notes), notes),
        ...(mismatches.length > 0
          ? [output('mismatches', mismatchPayload(mismatches), [mismatchText(mismatches)])]
          : []),
      ],
      lock: { file: values.from, sha256: hash, records: records.length, agreement },
    }
  },
}

function meaning([name, { as, direction, range, flip }]: [string, RatingsParams['values'][string]]): string {
  const better = { higher: 'higher is better', lower: 'lower is better', none: 'no direction' }
  const turned = flip ? `, turned round here (${range![0]} + ${range![1]} - rating)` : ''
  return `${as ?? name}: ${better[direction]} in the file${turned}.`
}

function agreementText(name: string, { raters, ratings: count, rows, alpha, icc }: RaterAgreement): string {
  const parts = [`${name}: ${count} ratings by ${raters} raters, ${rows} rows with two or more`]
  parts.push(
    alpha === undefined ? "Krippendorff's alpha is not defined" : `Krippendorff's alpha ${alpha.toFixed(3)}`,
  )
  if (icc) {
    const [low, high] = icc.interval21.map(edge => edge.toFixed(3))
    parts.push(
      `ICC(2,1) ${icc.icc21.toFixed(3)} [${low}, ${high}], ICC(2,k) ${icc.icc2k.toFixed(3)}, ICC(3,1) ${icc.icc31.toFixed(3)} over ${icc.targets} rows that all rated`,
    )
  } else parts.push('no ICC, because fewer than two rows were rated by all raters or nothing varies')
  return `${parts.join('; ')}.`
}

function mismatchText(mismatches: readonly Mismatch[]): string {
  return [...Map.groupBy(mismatches, ({ where, reason }) => `${where}: ${reason}`)]
    .map(([what, members]) => {
      const names = members.slice(0, 5).map(({ id, method }) => (method === null ? id : `${id} by ${method}`))
      const more = members.length > 5 ? ` and ${members.length - 5} more` : ''
      return `Only in the ${what}: ${names.join(', ')}${more}.`
    })
    .join('\n')
}

function ratingsPayload(table: StudyTable, before: StudyTable, notes: string[]): TablePayload {
  const added = table.columns.filter(column => !before.columns.includes(column))
  return {
    caption: 'Ratings',
    columns: added,
    keys: ['id', 'method'],
    rows: table.rows.map(({ id, method, values }) => ({
      id,
      method,
      ...Object.fromEntries(added.map(({ name }) => [name, values[name] ?? null])),
    })),
    notes,
  }
}

function mismatchPayload(mismatches: readonly Mismatch[]): TablePayload {
  return {
    caption: 'Without a partner',
    columns: [],
    keys: ['only in', 'id', 'method', 'reason', 'lines'],
    rows: mismatches.map(({ where, id, method, reason, lines }) => ({
      'only in': where,
      id,
      method,
      reason,
      lines: lines || null,
    })),
  }
}

function output(id: string, payload: TablePayload, lines: readonly string[]): Output {
  return {
    id,
    items: [
      { mime: MIME.table, json: payload },
      { mime: 'text/plain', text: [payload.caption, ...lines].join('\n') },
    ],
  }
}
