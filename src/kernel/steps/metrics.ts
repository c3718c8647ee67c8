import * as z from 'zod'
import { type FailedRow, isFailed } from '../compute/isolate.ts'
import { runRows } from '../compute/rows.ts'
import { MirageError } from '../errors.ts'
import { networkChecksums, resolveNetwork } from '../metrics/features/resolve.ts'
import { type MeasuredRow, type Use, unmeasured } from '../metrics/row.ts'
import { chooseProvider } from '../models/probe.ts'
import { PROVIDER_NAMES } from '../models/providers.ts'
import type { ColumnInfo } from '../protocol/mime.ts'
import { completes, defines, reads } from '../schema.ts'
import {
  type Fingerprint,
  type RowFailure,
  reasonOf,
  type StepContext,
  type StepDefinition,
} from '../step.ts'
import type { Row, StudyTable } from '../value.ts'
import { inChunks } from './chunks.ts'
import { describeFailedRows } from './failed-rows.ts'
import { metricsOutput } from './metrics/report.ts'
import { useSchema, type Wanted, wantedMetrics } from './metrics/use.ts'

const params = z.strictObject({
  of: reads('table', 'Table whose SR images are measured.'),
  use: completes('metric', useSchema, 'Metrics: names, or a name with settings; `as` names the column.'),
  maps: z
    .boolean()
    .default(true)
    .meta({ description: 'Keeps the maps of metrics that have one, to lay over the images.' }),
  provider: completes(
    'provider',
    z.string().default('cpu'),
    `What runs the networks of feature distances: auto, ${PROVIDER_NAMES.join(', ')}. The last digits of the values depend on it.`,
  ),
  as: defines().optional(),
})
type Params = z.output<typeof params>

/** Rows per compute job, without and with a network to load. */
const CHUNK = 8
const NETWORK_CHUNK = 64

/** Adds a column of numbers per metric, and maps, to a table. */
export const metrics: StepDefinition<typeof params> = {
  name: 'metrics',
  version: 1,
  summary: 'Measures SR images against GT and LR: fidelity, structure, features, invented detail.',
  params,
  granularity: 'rows',

  async fingerprint({ use }, { folder, store }): Promise<Fingerprint> {
    const networks: Record<string, string> = {}
    for (const { metric, settings } of wantedMetrics(use)) {
      const request = metric.network?.(settings)
      if (request) Object.assign(networks, await networkChecksums(request, folder, store))
    }
    return { networks }
  },

  async *run({ of, use, maps, provider }, context) {
    const table = context.input(of, 'table')
    const wanted = wantedMetrics(use)
    const uses = await usesOf(wanted, provider, context)
    const plain = uses.filter(({ network }) => !network)
    const networked = uses.filter(({ network }) => network)
    const measured: MeasuredRow[][] = []
    const failed: RowFailure[] = []
    for (const [list, lane] of [[plain, 'cpu'] as const, [networked, 'device'] as const]) {
      if (list.length === 0) continue
      const results = yield* measure(table, list, maps, lane, context)
      const own = failedOf(table, results)
      // Of a part of the rows nobody knows whether all fail.
      if (own.length > 0 && own.length === table.rows.length && context.share === undefined)
        throw new MirageError(own[0].error)
      failed.push(...own)
      measured.push(
        results.map(result =>
          isFailed(result) ? unmeasured(list, reasonOf({ error: result.failed })) : result,
        ),
      )
    }
    if (failed.length > 0) yield { type: 'note', text: describeFailedRows(failed, 'measured') }
    const columns = wanted.map(columnOf)
    const value = withColumns(table, columns, measured)
    return {
      value,
      outputs: [metricsOutput(value, columns)],
      lock: {
        metrics: Object.fromEntries(
          columns.map(({ name, settings, version }) => [name, { ...settings, version }]),
        ),
        networks: Object.fromEntries(networked.map(({ column, network }) => [column, network?.sha256])),
        provider: networked[0]?.network?.provider ?? null,
      },
      failed,
    }
  },
}

async function usesOf(
  wanted: Wanted[],
  asked: Params['provider'],
  { folder, store, compute, signal }: StepContext,
): Promise<Use[]> {
  const needsNetwork = wanted.some(({ metric }) => metric.network)
  const provider = needsNetwork ? (await chooseProvider(compute, asked, signal)).name : 'cpu'
  return Promise.all(
    wanted.map(async ({ metric, column, settings }) => {
      const request = metric.network?.(settings)
      const network = request && (await resolveNetwork(request, { folder, store, provider }))
      return { column, metric: metric.name, settings, ...(network && { network }) }
    }),
  )
}

function measure(
  table: StudyTable,
  uses: Use[],
  maps: boolean,
  lane: 'cpu' | 'device',
  { compute, signal }: StepContext,
) {
  return inChunks({
    items: table.rows,
    size: lane === 'cpu' ? CHUNK : NETWORK_CHUNK,
    label: lane === 'cpu' ? 'Measuring' : 'Comparing features',
    unit: 'rows',
    signal,
    run: (chunk, stop, onDone) => {
      const rows = chunk.map(({ images }) => ({ images }))
      return runRows(
        compute,
        'measure',
        { rows, uses, maps },
        { signal: stop, lane, onProgress: ({ done }) => onDone(done) },
      )
    },
  })
}

function failedOf({ rows }: StudyTable, results: (MeasuredRow | FailedRow)[]): RowFailure[] {
  return rows.flatMap(({ id, method, seed }, i) => {
    const result = results[i]
    return isFailed(result) ? [{ id, method, ...(seed !== undefined && { seed }), error: result.failed }] : []
  })
}

function columnOf({ metric, column, settings }: Wanted): ColumnInfo {
  const { name, label, unit, direction, range, version, source } = metric
  return {
    name: column,
    label: settings.reference === 'lr' ? `${label} to LR` : label,
    ...(unit !== undefined && { unit }),
    direction,
    range,
    settings: { metric: name, ...settings },
    version,
    source,
  }
}

/** The table with the measured columns; columns and overlays of the same name are replaced. */
function withColumns(table: StudyTable, columns: ColumnInfo[], measured: MeasuredRow[][]): StudyTable {
  const names = new Set(columns.map(({ name }) => name))
  const rows = table.rows.map((row, i): Row => {
    const parts = measured.map(list => list[i])
    const missing = Object.fromEntries(Object.entries(row.missing ?? {}).filter(([name]) => !names.has(name)))
    const kept = (row.overlays ?? []).filter(({ name }) => !names.has(name))
    Object.assign(missing, ...parts.map(part => part.missing))
    const overlays = [...kept, ...parts.flatMap(part => part.overlays)]
    const { missing: _, overlays: __, ...rest } = row
    return {
      ...rest,
      values: Object.assign({ ...row.values }, ...parts.map(({ values }) => values)),
      ...(Object.keys(missing).length > 0 && { missing }),
      ...(overlays.length > 0 && { overlays }),
    }
  })
  return { ...table, columns: [...table.columns.filter(({ name }) => !names.has(name)), ...columns], rows }
}
