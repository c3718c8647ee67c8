import { resolve } from 'node:path'
import { clusterOptions, refuseClusterFlags } from '../cluster.ts'
import { withKernel } from '../kernel.ts'
import { createReporter } from '../reporter.ts'
import { readSnapshot, readStudy } from '../study.ts'
import { type Command, parseWords, UsageError } from '../usage.ts'

const usage = `mirage run STUDY.mirage.md [options]

  --cell ID       run only this cell (repeatable)
  --force         run again what has a stored result
  --keep-going    go on with cells that do not depend on a failed one
  --offline       forbid every network call
  --spend USD     agree to what a cell's judges may cost, above its own confirmAbove
  --replay FILE   answer the judge's questions from a bundle
  --on slurm      run the long cells on the cluster that this machine submits to
  --profile FILE  cluster profile (YAML), over the study's own \`cluster:\`
  --resume        follow the last submission, then submit what is missing
  --detach        submit and return
  --cancel        cancel the last submission
  --shard I/N     work on one part of the rows, to fill the store (a task of a cluster)
  --collect N     put together what N shards have left in the store (a task of a cluster)
  --snapshot FILE run the study as it was submitted, in place of the file's text
  --no-record     write neither outputs nor lock
  --report KEY    tell progress under this key in the store
  --json          one JSON object per event and a last one for the whole run
  --verbose       show what the kernel prints`

const options = {
  cell: { type: 'string', multiple: true },
  force: { type: 'boolean' },
  'keep-going': { type: 'boolean' },
  offline: { type: 'boolean' },
  spend: { type: 'string' },
  replay: { type: 'string' },
  on: { type: 'string' },
  profile: { type: 'string' },
  resume: { type: 'boolean' },
  detach: { type: 'boolean' },
  cancel: { type: 'boolean' },
  shard: { type: 'string' },
  collect: { type: 'string' },
  snapshot: { type: 'string' },
  'no-record': { type: 'boolean' },
  report: { type: 'string' },
  json: { type: 'boolean' },
  verbose: { type: 'boolean' },
} as const

export const run: Command = {
  summary: 'Runs a study; writes its outputs and its lock file beside it.',
  usage,
  async run(words) {
    const { values, positionals } = parseWords(words, options, usage)
    if (positionals.length !== 1) throw new UsageError('Name one study.', usage)
    const study = values.snapshot ? await readSnapshot(values.snapshot) : await readStudy(positionals[0])
    const { path } = study
    const cells = chosenCells(
      values.cell,
      study.cells.map(({ id }) => id),
    )
    if (!values.on) refuseClusterFlags(values)
    if (values.on && values.force)
      throw new UsageError(
        '--force runs everything on this machine again.',
        'Leave out --on, or leave out --force.',
      )
    const reporter = createReporter({ json: values.json ?? false, study })

    return withKernel({ onEvent: reporter.event, verbose: values.verbose }, async kernel => {
      const interrupt = () => void kernel.request('interrupt', { path }).catch(() => {})
      process.on('SIGINT', interrupt)
      try {
        const request = {
          study,
          cells,
          options: {
            force: values.force,
            keepGoing: values['keep-going'],
            offline: values.offline,
            spend: values.spend === undefined ? undefined : parseDollars(values.spend),
            replay: values.replay && resolve(values.replay),
            shard: values.shard === undefined ? undefined : parseShard(values.shard),
            parts: values.collect === undefined ? undefined : parseCount(values.collect),
            record: !values['no-record'],
            report: values.report,
          },
        }
        const reply = values.on
          ? (await kernel.request('cluster', { request, ...clusterOptions(values) })).reply
          : await kernel.request('run', request)
        if (!reply) return 0
        reporter.finish(reply)
        if (reply.failed.length) return 1
        return reply.cancelled.length ? 130 : 0
      } finally {
        process.off('SIGINT', interrupt)
      }
    })
  },
}

function parseShard(word: string): { index: number; count: number } {
  const [, index, count] = /^(\d+)\/(\d+)$/.exec(word) ?? []
  if (index === undefined || Number(index) >= Number(count)) {
    throw new UsageError(`"${word}" is no shard.`, 'Write I/N with I from 0 to N-1, such as 0/16.')
  }
  return { index: Number(index), count: Number(count) }
}

function parseDollars(word: string): number {
  if (/^\d+(\.\d+)?$/.test(word)) return Number(word)
  throw new UsageError(`"${word}" is no sum of money.`, 'Write US dollars, such as 25 or 2.50.')
}

function parseCount(word: string): number {
  if (/^[1-9]\d*$/.test(word)) return Number(word)
  throw new UsageError(`"${word}" is no number of shards.`, 'Write how many there were, such as 16.')
}

function chosenCells(asked: string[] | undefined, known: string[]): string[] {
  const missing = asked?.find(id => !known.includes(id))
  if (missing) throw new UsageError(`The study has no cell "${missing}".`, `Cells: ${known.join(', ')}.`)
  return asked ? known.filter(id => asked.includes(id)) : known
}
