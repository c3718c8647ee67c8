import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type CellRun, type Command, IDLE, reduce, type Signal } from '../../../src/extension/run/cell-run.ts'
import type { Output } from '../../../src/kernel/protocol/messages.ts'
import { MIME } from '../../../src/kernel/protocol/mime.ts'

const output = (id: string, text: string) => ({ id, items: [{ mime: 'text/plain', text }] })
const done = { kind: 'succeeded', cached: false, milliseconds: 5 } as const

function play(signals: Signal[], from: CellRun = IDLE): { state: CellRun; commands: Command[] } {
  let state = from
  const commands: Command[] = []
  for (const signal of signals) {
    const next = reduce(state, signal)
    state = next.state
    commands.push(...next.commands)
  }
  return { state, commands }
}

describe('the life of a cell', () => {
  test('keeps the last outputs until the first of the new run arrives', () => {
    const { commands } = play([
      { type: 'queued', run: 'a' },
      { type: 'started', run: 'a', at: 1 },
      { type: 'progress', run: 'a', done: 1, total: 2 },
      { type: 'output', run: 'a', output: output('x', 'one') },
      { type: 'output', run: 'a', output: output('x', 'two') },
      { type: 'ended', run: 'a', at: 2, outcome: done },
    ])
    expect(commands.map(command => command.do)).toEqual(['open', 'start', 'clear', 'put', 'put', 'end'])
  })

  test('clears the last outputs when a run ends well without any', () => {
    const { commands } = play([
      { type: 'queued', run: 'a' },
      { type: 'started', run: 'a', at: 1 },
      { type: 'ended', run: 'a', at: 2, outcome: done },
    ])
    expect(commands.map(command => command.do)).toEqual(['open', 'start', 'clear', 'end'])
  })

  test('shows a failure that comes before the start, and leaves a cancelled cell without a mark', () => {
    const failed = play([
      { type: 'queued', run: 'a' },
      { type: 'ended', run: 'a', at: 2, outcome: { kind: 'failed', error: { code: 'c', message: 'm' } } },
    ])
    expect(failed.commands.map(command => command.do)).toEqual(['open', 'start', 'clear', 'put', 'end'])
    expect(failed.commands.at(-1)).toEqual({ do: 'end', success: false, at: 2 })
    const cancelled = play([
      { type: 'queued', run: 'a' },
      { type: 'ended', run: 'a', at: 2, outcome: { kind: 'cancelled' } },
    ])
    expect(cancelled.commands).toEqual([{ do: 'open' }, { do: 'end', success: undefined, at: 2 }])
  })

  test('ends what an output tells of as going on, where the kernel could not', () => {
    const training = (state: string): Output => ({
      id: 'training',
      items: [{ mime: MIME.training, json: { run: 'r', state, secondsLeft: 9, points: [] } }],
    })
    const endings = [
      [{ kind: 'failed', error: { code: 'kernel-died', message: 'm' } }, 'failed', true],
      [{ kind: 'cancelled' }, 'stopped', true],
      [{ kind: 'failed', error: { code: 'training-diverged', message: 'm' } }, 'failed', false],
    ] as const
    for (const [outcome, state, goesOn] of endings) {
      const { commands } = play([
        { type: 'queued', run: 'a' },
        { type: 'started', run: 'a', at: 1 },
        { type: 'output', run: 'a', output: training('running') },
        { type: 'output', run: 'a', output: output('x', 'other') },
        { type: 'ended', run: 'a', at: 2, outcome },
      ])
      const [last] = commands
        .flatMap(command =>
          command.do === 'put' && command.output.id === 'training' ? command.output.items : [],
        )
        .slice(-1)
      expect(last).toMatchObject({ json: { state } })
      expect(JSON.stringify(last).includes('checkpoint')).toBe(goesOn)
      expect(last).not.toHaveProperty('json.secondsLeft')
    }
    const { commands } = play([
      { type: 'queued', run: 'a' },
      { type: 'started', run: 'a', at: 1 },
      { type: 'output', run: 'a', output: training('running') },
      { type: 'output', run: 'a', output: training('done') },
      { type: 'ended', run: 'a', at: 2, outcome: endings[0][0] },
    ])
    expect(commands.filter(command => command.do === 'put' && command.output.id === 'training')).toHaveLength(
      2,
    )
  })

  test('never hears an old run', () => {
    const { state } = play([
      { type: 'queued', run: 'a' },
      { type: 'ended', run: 'a', at: 1, outcome: { kind: 'cancelled' } },
      { type: 'queued', run: 'b' },
    ])
    for (const late of [
      { type: 'started', run: 'a', at: 3 },
      { type: 'output', run: 'a', output: output('x', 'late') },
      { type: 'ended', run: 'a', at: 4, outcome: done },
    ] as const) {
      expect(reduce(state, late)).toEqual({ state, commands: [] })
    }
  })

  test('opens, starts and ends each execution once and in order, whatever arrives', () => {
    const run = fc.constantFrom('a', 'b')
    const signal: fc.Arbitrary<Signal> = fc.oneof(
      fc.record({ type: fc.constant('queued' as const), run }),
      fc.record({ type: fc.constant('started' as const), run, at: fc.nat() }),
      fc.record({ type: fc.constant('note' as const), run, text: fc.string() }),
      run.map(name => ({ type: 'output' as const, run: name, output: output('x', name) })),
      run.map(name => ({ type: 'outputs' as const, run: name, outputs: [output('x', name)] })),
      fc.record({
        type: fc.constant('ended' as const),
        run,
        at: fc.nat(),
        outcome: fc.constantFrom(
          done,
          { kind: 'cancelled' as const },
          { kind: 'failed' as const, error: { code: 'c', message: 'm' } },
        ),
      }),
    )
    // What VS Code allows of an execution: open, then start, then outputs, then end.
    const allowed = /^(open (start ((clear |put |settle )*))?end )*(open (start (clear |put |settle )*)?)?$/
    fc.assert(
      fc.property(fc.array(signal, { maxLength: 40 }), signals => {
        const words = play(signals).commands.map(command => `${command.do} `)
        expect(words.join('')).toMatch(allowed)
      }),
    )
  })
})
