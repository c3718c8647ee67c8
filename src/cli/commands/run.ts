import { resolve } from 'node:path'
import { withKernel } from '../kernel.ts'
import { createReporter } from '../reporter.ts'
import { readStudy } from '../study.ts'
import { type Command, parseWords, UsageError } from '../usage.ts'

const usage = `mirage run STUDY.mirage.md [options]

  --cell ID       run only this cell (repeatable)
  --force         run again what has a stored result
  --keep-going    go on with cells that do not depend on a failed one
  --offline       forbid every network call
  --replay FILE   answer the judge's questions from a bundle
  --json          one JSON object per event and a last one for the whole run
  --verbose       show what the kernel prints`

const options = {
  cell: { type: 'string', multiple: true },
  force: { type: 'boolean' },
  'keep-going': { type: 'boolean' },
  offline: { type: 'boolean' },
  replay: { type: 'string' },
  json: { type: 'boolean' },
  verbose: { type: 'boolean' },
} as const

export const run: Command = {
  summary: 'Runs a study; writes its outputs and its lock file beside it.',
  usage,
  async run(words) {
    const { values, positionals } = parseWords(words, options, usage)
    if (positionals.length !== 1) throw new UsageError('Name one study.', usage)
    const study = await readStudy(positionals[0])
    const { path } = study
    const cells = chosenCells(
      values.cell,
      study.cells.map(({ id }) => id),
    )
    const reporter = createReporter({ json: values.json ?? false, study })

    return withKernel({ onEvent: reporter.event, verbose: values.verbose }, async kernel => {
      const interrupt = () => void kernel.request('interrupt', { path }).catch(() => {})
      process.on('SIGINT', interrupt)
      try {
        const reply = await kernel.request('run', {
          study,
          cells,
          options: {
            force: values.force,
            keepGoing: values['keep-going'],
            offline: values.offline,
            replay: values.replay && resolve(values.replay),
          },
        })
        reporter.finish(reply)
        if (reply.failed.length) return 1
        return reply.cancelled.length ? 130 : 0
      } finally {
        process.off('SIGINT', interrupt)
      }
    })
  },
}

function chosenCells(asked: string[] | undefined, known: string[]): string[] {
  const missing = asked?.find(id => !known.includes(id))
  if (missing) throw new UsageError(`The study has no cell "${missing}".`, `Cells: ${known.join(', ')}.`)
  return asked ? known.filter(id => asked.includes(id)) : known
}
