import { resolve } from 'node:path'
import { styleText } from 'node:util'
import type { VerifiedCell } from '../../kernel/protocol/messages.ts'
import { withKernel } from '../kernel.ts'
import { readStudy } from '../study.ts'
import { type Command, parseWords, UsageError } from '../usage.ts'

const usage = `mirage verify STUDY.mirage.md [options]

Computes the study again without its cache (the judge's stored answers are used, never asked again) and reports
each number that differs from the run in the lock file, with the cause. Exit code 1 when anything differs.

  --replay FILE   answer the judge's questions from a bundle
  --offline       forbid every network call
  --json          the report as JSON
  --verbose       show what the kernel prints`

const options = {
  replay: { type: 'string' },
  offline: { type: 'boolean' },
  json: { type: 'boolean' },
  verbose: { type: 'boolean' },
} as const

export const verify: Command = {
  summary: 'Computes a study again and says what differs from its lock file, and why.',
  usage,
  async run(words) {
    const { values, positionals } = parseWords(words, options, usage)
    if (positionals.length !== 1) throw new UsageError('Name one study.', usage)
    const study = await readStudy(positionals[0])
    return withKernel({ onEvent() {}, verbose: values.verbose }, async kernel => {
      const { cells } = await kernel.request('verify', {
        study,
        cells: study.cells.map(({ id }) => id),
        options: {
          keepGoing: true,
          offline: values.offline,
          replay: values.replay && resolve(values.replay),
        },
      })
      if (values.json) console.log(JSON.stringify(cells, null, 2))
      else for (const cell of cells) report(cell)
      return cells.every(({ verdict }) => verdict === 'equal') ? 0 : 1
    })
  },
}

const LISTED = 10

function report({ cell, verdict, causes, differences, error }: VerifiedCell): void {
  console.log(`${styleText(verdict === 'equal' ? 'green' : 'red', verdict.padEnd(10))} ${cell}`)
  if (error) console.log(`  ${error.message}`)
  for (const { cause, what, before, after, from } of causes) {
    console.log(
      `  because: ${cause} ${what}: ${before ?? 'none'} -> ${after ?? 'none'}${from ? ` (made by ${from})` : ''}`,
    )
  }
  for (const { row, column, before, after, by } of differences.slice(0, LISTED)) {
    console.log(
      `  ${row} ${column}: ${before} -> ${after}${by === undefined ? '' : ` (by ${by.toPrecision(3)})`}`,
    )
  }
  if (differences.length > LISTED) console.log(`  ... and ${differences.length - LISTED} more`)
}
