import * as z from 'zod'
import { nearest } from '../../errors.ts'
import type { MetricDefinition } from '../../metrics/metric.ts'
import { METRICS } from '../../metrics/registry.ts'

/** A metric that a cell asks for, with all its settings. */
export interface Wanted {
  metric: MetricDefinition
  column: string
  settings: Record<string, unknown>
}

const COLUMN = /^[A-Za-z_][\w-]*$/

/**
 * `use:` of the metrics step: names, or a name with settings (`{ psnr: { on: rgb, as: psnr_rgb } }`). Checked against the
 * registry, with the position of what is wrong.
 */
export const useSchema = z
  .array(z.union([z.string(), z.record(z.string(), z.looseObject({}).nullable())]))
  .min(1)
  .superRefine((entries, context) => {
    const columns = new Set<string>()
    for (const [i, entry] of entries.entries()) {
      const say = (path: PropertyKey[], message: string) =>
        context.addIssue({ code: 'custom', path: [i, ...path], message })
      const named = nameAndSettings(entry)
      if (!named) {
        say([], 'an entry is the name of a metric, or one name with its settings')
        continue
      }
      const metric = METRICS.find(({ name }) => name === named.name)
      if (!metric) {
        say(typeof entry === 'string' ? [] : [named.name], unknownMetric(named.name))
        continue
      }
      const parsed = withColumn(metric).safeParse(named.settings)
      for (const issue of parsed.error?.issues ?? [])
        say([named.name, ...issue.path], settingProblem(metric, issue))
      if (!parsed.success) continue
      const column = columnOf(parsed.data, metric)
      if (columns.has(column))
        say([], `the column "${column}" is there already; give one of them a name with "as"`)
      columns.add(column)
    }
  })
  .meta({
    description: 'Metrics: names, or a name with settings; `as` names the column.',
    // Made when it is asked for, which a kernel that only runs cells is not.
    get items() {
      return itemsSchema()
    },
  })

/** The same as JSON schema, metric by metric, so that an editor can complete settings. */
function itemsSchema(): Record<string, unknown> {
  const { $schema: _, ...schema } = z.toJSONSchema(
    z.union([
      z.enum(METRICS.map(({ name }) => name)),
      ...METRICS.map(metric => z.strictObject({ [metric.name]: withColumn(metric) })),
    ]),
    { io: 'input', unrepresentable: 'any' },
  )
  return schema
}

/** What a checked `use:` asks for. */
export function wantedMetrics(entries: z.output<typeof useSchema>): Wanted[] {
  return entries.map(entry => {
    const { name, settings } = nameAndSettings(entry)!
    const metric = METRICS.find(each => each.name === name)!
    const parsed = withColumn(metric).parse(settings)
    const { as: _, ...rest } = parsed
    return { metric, column: columnOf(parsed, metric), settings: rest }
  })
}

function withColumn(metric: MetricDefinition) {
  const as = z.string().regex(COLUMN, 'is not a column name (letters, digits, - and _)').optional()
  return metric.settings.extend({
    as: as.meta({ description: 'Name of the column; the name of the metric by default.' }),
  })
}

function columnOf(parsed: Record<string, unknown>, { name }: MetricDefinition): string {
  return typeof parsed.as === 'string' ? parsed.as : name
}

function nameAndSettings(entry: string | Record<string, object | null>) {
  if (typeof entry === 'string') return { name: entry, settings: {} }
  const [[name, settings], ...others] = Object.entries(entry)
  return others.length > 0 ? undefined : { name, settings: settings ?? {} }
}

function unknownMetric(name: string): string {
  const known = METRICS.map(metric => metric.name)
  const near = nearest(name, known)
  return `there is no metric "${name}"${near ? `; did you mean "${near}"?` : ''} Metrics: ${known.join(', ')}`
}

function settingProblem({ name, settings }: MetricDefinition, issue: z.core.$ZodIssue): string {
  const known = [...Object.keys(settings.shape), 'as'].join(', ')
  if (issue.code === 'unrecognized_keys')
    return `${name} has no setting "${issue.keys[0]}"; settings: ${known}`
  const [key] = issue.path
  if (issue.code === 'invalid_type' && issue.message.includes('received undefined')) {
    const described = settings.shape[String(key)]?.meta()?.description
    return `${name} needs "${String(key)}"${described ? ` (${described.replace(/\.$/, '')})` : ''}: write - ${name}: { ${String(key)}: ... }`
  }
  return issue.message
}
