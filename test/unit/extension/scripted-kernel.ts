import { randomUUID } from 'node:crypto'
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node'
import type {
  CellEvent,
  Outcome,
  RequestParams,
  RunReply,
  RunRequest,
  StudyCell,
} from '../../../src/kernel/protocol/messages.ts'
import { EVENT, PROTOCOL_VERSION } from '../../../src/kernel/protocol/wire.ts'

/**
 * A scripted kernel: speaks the real protocol over standard input and output, computes nothing, and does with each
 * cell what the cell's text says: `show TEXT`, `options` (show those of the run), `stage NAME ...` (waits at each, then
 * shows what it was told), `cost N` (fails unless the run may spend N dollars), `count TO`, `fail`, `wait` (until interrupted), `hang` (deaf to interrupts), `die`.
 */
type Act = (cell: StudyCell, words: string[], tell: Tell, options: object) => Promise<Outcome> | Outcome
type Tell = (event: Record<string, unknown>) => void

let interrupted: PromiseWithResolvers<void> = Promise.withResolvers()

const done: Outcome = { kind: 'succeeded', cached: false, milliseconds: 1 }

let goOn: PromiseWithResolvers<unknown> = Promise.withResolvers()

const SCRIPT: Record<string, Act> = {
  options: (cell, _words, tell, options) => SCRIPT.show(cell, [JSON.stringify(options)], tell, options),
  stage: async (cell, names, tell, options) => {
    const told: string[] = []
    for (const stage of names) {
      goOn = Promise.withResolvers()
      tell({ type: 'stage', stage, values: {}, waiting: true })
      told.push(JSON.stringify(await goOn.promise))
    }
    return SCRIPT.show(cell, told, tell, options)
  },
  show: (_cell, words, tell) => {
    const output = { id: 'text', items: [{ mime: 'text/plain', text: words.join(' ') }] }
    tell({ type: 'output', output })
    tell({ type: 'outputs', outputs: [output] })
    return done
  },
  count: (_cell, [to], tell) => {
    const outputs = Array.from({ length: Number(to) }, (_, i) => ({
      id: 'count',
      items: [{ mime: 'text/plain', text: String(i + 1) }],
    }))
    for (const output of outputs) tell({ type: 'output', output })
    tell({ type: 'outputs', outputs: outputs.slice(-1) })
    return done
  },
  cost: (cell, [dollars], tell, options) => {
    const { spend = 0 } = options as { spend?: number }
    if (spend >= Number(dollars)) return SCRIPT.options(cell, [], tell, options)
    const error = { code: 'judge-cost', message: 'As the script says.', cell: cell.id, cost: Number(dollars) }
    return { kind: 'failed', error }
  },
  fail: cell => ({
    kind: 'failed',
    error: { code: 'scripted', message: 'As the script says.', cell: cell.id },
  }),
  wait: async () => {
    await interrupted.promise
    return { kind: 'cancelled' }
  },
  hang: () => new Promise(() => {}),
  die: () => process.exit(3),
}

const connection = createMessageConnection(
  new StreamMessageReader(process.stdin),
  new StreamMessageWriter(process.stdout),
)
connection.onRequest('initialize', () => ({
  protocol: PROTOCOL_VERSION,
  version: 'scripted',
  node: process.version,
}))
connection.onRequest('interrupt', () => {
  interrupted.resolve()
  return {}
})
connection.onRequest('continue', ({ run: _, ...order }) => {
  goOn.resolve(order)
  return {}
})
connection.onRequest('freshness', () => ({ cells: {} }))
connection.onRequest('results', () => ({ results: [] }))
connection.onRequest('shutdown', () => process.exit(0))
connection.onRequest('run', (request: RunRequest) => run(request))
connection.onRequest('cluster', async ({ request, action = 'run' }: RequestParams<'cluster'>) => ({
  reply: await run(request as RunRequest, `cluster ${action}: `),
}))

async function run({ study, cells, options }: RunRequest, before = ''): Promise<RunReply> {
  const run = randomUUID()
  const reply: RunReply = { run, succeeded: [], failed: [], cancelled: [] }
  const teller =
    (cell: string): Tell =>
    event =>
      void connection.sendNotification(EVENT, { run, path: study.path, cell, ...event } as CellEvent)
  interrupted = Promise.withResolvers()
  for (const id of cells) teller(id)({ type: 'queued' })
  for (const id of cells) {
    const cell = study.cells.find(candidate => candidate.id === id)!
    const tell = teller(id)
    const [verb, ...words] = cell.text.split(' ')
    if (before) words.unshift(before.trim())
    const stopped = reply.failed.length + reply.cancelled.length > 0
    if (!stopped) tell({ type: 'started', at: Date.now() })
    const outcome: Outcome = stopped ? { kind: 'cancelled' } : await SCRIPT[verb](cell, words, tell, options)
    tell({ type: 'ended', at: Date.now(), outcome })
    reply[outcome.kind].push(id)
  }
  return reply
}
connection.onClose(() => process.exit(0))
connection.listen()
