import { resolve } from 'node:path'
import { styleText } from 'node:util'
import type { VerifiedCell } from '../../kernel/protocol/messages.ts'
import { verifiedLines } from '../../kernel/protocol/verified-lines.ts'
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

function report(cell: VerifiedCell): void {
  console.log(
    `${styleText(cell.verdict === 'equal' ? 'green' : 'red', cell.verdict.padEnd(10))} ${cell.cell}`,
  )
  for (const line of verifiedLines(cell)) console.log(`  ${line}`)
}
