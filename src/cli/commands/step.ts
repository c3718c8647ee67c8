import { createInterface, type Interface } from 'node:readline/promises'
import { styleText } from 'node:util'
import type { KernelClient } from '../../kernel/protocol/client.ts'
import type { CellEvent, RequestParams } from '../../kernel/protocol/messages.ts'
import { withKernel } from '../kernel.ts'
import { createReporter } from '../reporter.ts'
import { readStudy } from '../study.ts'
import { type Command, parseWords, UsageError } from '../usage.ts'

const usage = `mirage step STUDY.mirage.md --cell ID [--all]

Runs one cell stage by stage and prints what each stage holds: for a score, the rendered prompt, the images as sent, the
request, the raw answer, the parsed answer and the score. On a terminal it waits: Enter steps, "n" goes to the next
image, "c" runs on, "q" and Ctrl-C stop. Elsewhere, or with --all, it prints every stage and goes on.`

type Action = RequestParams<'continue'>['action']
const KEYS: Record<string, Action> = { '': 'step', s: 'step', n: 'next-row', c: 'continue', q: 'stop' }

export const step: Command = {
  summary: 'Runs one cell stage by stage and shows each.',
  usage,
  async run(words) {
    const options = { cell: { type: 'string' }, all: { type: 'boolean' } } as const
    const { values, positionals } = parseWords(words, options, usage)
    if (positionals.length !== 1 || !values.cell) throw new UsageError('Name one study and one cell.', usage)
    const study = await readStudy(positionals[0])
    const known = study.cells.map(({ id }) => id)
    if (!known.includes(values.cell)) {
      throw new UsageError(`The study has no cell "${values.cell}".`, `Cells: ${known.join(', ')}.`)
    }
    const reporter = createReporter({ json: false, study })
    const asks = !values.all && process.stdin.isTTY
    let kernel: KernelClient | undefined
    let terminal: Interface | undefined
    const goOn = async (run: string) => {
      const action = terminal ? await ask(terminal) : 'step'
      await kernel?.request('continue', { run, action })
    }
    const onEvent = (event: CellEvent) => {
      if (event.type !== 'stage') return reporter.event(event)
      printStage(event)
      // Without a terminal or a kernel to go on with, the run has ended or is about to.
      if (event.waiting) goOn(event.run).catch(() => {})
    }
    return withKernel({ onEvent }, async started => {
      kernel = started
      const stop = () => void started.request('interrupt', { path: study.path }).catch(() => {})
      if (asks) terminal = createInterface({ input: process.stdin, output: process.stdout })
      // By Ctrl-C, which is no signal while readline reads the keys, or at the end of the input.
      terminal?.once('close', stop)
      try {
        const request = { study, cells: [values.cell as string], options: { stepping: true, record: false } }
        const reply = await started.request('run', request)
        return reply.succeeded.length ? 0 : 1
      } finally {
        // An open terminal keeps the process alive.
        terminal?.off('close', stop).close()
      }
    })
  },
}

function printStage({ stage, title, row, about, values }: Extract<CellEvent, { type: 'stage' }>): void {
  const where = [
    row?.id,
    row?.method,
    ...Object.entries(about ?? {}).map(([name, text]) => `${name} ${text}`),
  ]
  console.log(`\n${styleText('bold', title ?? stage)}  ${where.filter(Boolean).join(' · ')}`)
  for (const [name, value] of Object.entries(values)) {
    const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2)
    console.log(`  ${styleText('cyan', name)}: ${text.replaceAll('\n', '\n    ')}`)
  }
}

async function ask(terminal: Interface): Promise<Action> {
  for (;;) {
    const action = KEYS[(await terminal.question('(Enter step, n next image, c run on, q stop) ')).trim()]
    if (action) return action
  }
}
