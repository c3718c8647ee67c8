import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { CellDrive } from '../../../src/extension/run/cell-drive.ts'
import { KernelHost } from '../../../src/extension/session/kernel-host.ts'
import { StudyRunner } from '../../../src/extension/session/study-runner.ts'
import { launchKernel } from '../../../src/kernel/protocol/client.ts'
import { FakeCell, fakeApi } from './fakes.ts'

const SCRIPTED = join(import.meta.dirname, 'scripted-kernel.ts')

/** A study whose cells are given as texts of the scripted kernel, on screen and with its kernel process. */
function study(texts: Record<string, string>, grace = 5000) {
  const screen = new Map(Object.keys(texts).map(id => [id, new FakeCell()]))
  const log: string[] = []
  const drives = new Map(
    [...screen].map(([id, cell]) => [
      id,
      new CellDrive({
        cell: id,
        api: fakeApi,
        createExecution: () => cell.createExecution(),
        read: () => Promise.reject(new Error('no objects here')),
        nextOrder: () => 1,
        log: line => log.push(line),
      }),
    ]),
  )
  const kernel: KernelHost = new KernelHost({
    launch: handlers =>
      launchKernel({ node: process.execPath, entry: SCRIPTED, cwd: import.meta.dirname, ...handlers }),
    reattach: async () => undefined,
    onEvent: event => runner.receive(event),
    onState: () => {},
    log: line => log.push(line),
  })
  const runner: StudyRunner = new StudyRunner({
    kernel,
    snapshot: () => ({
      path: '/studies/scripted.mirage.md',
      seed: 0,
      meta: {},
      cells: Object.entries(texts).map(([id, text]) => ({ id, kind: 'step', attributes: {}, text })),
    }),
    drive: cell => drives.get(cell)!,
    options: () => ({ offline: true }),
    onCell: () => {},
    onSettled: () => {},
    grace,
  })
  const settled = async (running: Promise<void>) => {
    await running
    await Promise.all([...drives.values()].map(drive => drive.perform([])))
  }
  const look = () =>
    Object.fromEntries([...screen].map(([id, cell]) => [id, { mark: cell.mark, texts: cell.texts() }]))
  open.push(kernel)
  return {
    texts,
    kernel,
    runner,
    screen,
    settled,
    look,
    log,
    running: (id: string) => until(() => runner.stateOf(id).phase === 'running'),
  }
}

const open: KernelHost[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map(kernel => kernel.stop()))
})

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 6000; i++) {
    if (condition()) return
    await sleep(10)
  }
  throw new Error('it did not come to that')
}

describe('running a study, against a scripted kernel over the real wire', () => {
  test('every run has the options of the settings, beside its own', async () => {
    const { runner, settled, look } = study({ a: 'options' })
    await settled(runner.run(['a'], { force: true }))
    expect(look().a.texts).toEqual(['{"offline":true,"force":true}'])
  })

  test('whoever steps hears each stage and lets it go on; without anyone it goes on by itself', async () => {
    const { runner, settled, look } = study({ a: 'stage prompt answer' })
    const heard: string[] = []
    const stepped = runner.run(['a'], { stepping: true }, ({ stage }) => {
      heard.push(stage)
      void runner.proceed({ action: 'step', edit: { text: stage } })
    })
    await settled(stepped)
    expect(heard).toEqual(['prompt', 'answer'])
    expect(look().a.texts).toEqual([
      '{"action":"step","edit":{"text":"prompt"}} {"action":"step","edit":{"text":"answer"}}',
    ])
    await settled(runner.run(['a']))
    expect(look().a.texts).toEqual(['{"action":"continue"} {"action":"continue"}'])
  })

  test('shows what each cell makes, starts one kernel, and stops at the first failure', async () => {
    const { runner, settled, look, kernel } = study({ a: 'show hello', b: 'fail', c: 'show never' })
    await settled(runner.run(['a', 'b', 'c']))
    expect(look()).toEqual({
      a: { mark: true, texts: ['hello'] },
      b: { mark: false, texts: ['As the script says.'] },
      c: { mark: undefined, texts: [] },
    })
    const { pid } = await kernel.ensure()
    await settled(runner.run(['a']))
    expect((await kernel.ensure()).pid).toBe(pid)
  })

  test('hands cells to the cluster when asked to, and shows what comes back like any run', async () => {
    const { runner, settled, look } = study({ a: 'show hello', b: 'fail' })
    await settled(runner.run(['a', 'b'], { on: 'slurm' }))
    expect(look()).toEqual({
      a: { mark: true, texts: ['cluster run: hello'] },
      b: { mark: false, texts: ['As the script says.'] },
    })
  })

  test('an output with the same id is edited in place, and what is overtaken is not drawn', async () => {
    const { runner, settled, screen } = study({ a: 'count 200' })
    await settled(runner.run(['a']))
    const { edits } = screen.get('a')!
    expect(screen.get('a')!.texts()).toEqual(['200'])
    expect(edits.slice(0, 2)).toEqual(['clear', 'append'])
    expect(new Set(edits.slice(2))).toEqual(new Set(edits.length > 2 ? ['edit'] : []))
  })

  test('requests wait for each other, and a failure ends those that wait', async () => {
    const { runner, settled, look, running } = study({ a: 'wait', b: 'show after', c: 'show too' })
    const first = runner.run(['a'])
    const second = runner.run(['b', 'c'])
    await running('a')
    expect(runner.stateOf('b').phase).toBe('queued')
    await settled(runner.interrupt())
    await settled(Promise.all([first, second]).then(() => {}))
    expect(Object.values(look()).map(({ mark }) => mark)).toEqual([undefined, undefined, undefined])
  })

  test('a kernel that does not listen is ended after the grace, and the next run has a new one', async () => {
    const { runner, settled, look, running, kernel, texts } = study({ a: 'hang', b: 'show next' }, 100)
    const all = runner.run(['a', 'b'])
    await running('a')
    const { pid } = await kernel.ensure()
    await runner.interrupt()
    await settled(all)
    expect(look().a).toMatchObject({
      mark: false,
      texts: [expect.stringContaining('did not stop when asked')],
    })
    expect(look().b).toEqual({ mark: undefined, texts: [] })
    texts.a = 'show again'
    await settled(runner.run(['a', 'b']))
    expect(look()).toEqual({ a: { mark: true, texts: ['again'] }, b: { mark: true, texts: ['next'] } })
    expect((await kernel.ensure()).pid).not.toBe(pid)
  })

  test('a kernel that dies ends its cell with an error that says what to do; the next run works', async () => {
    const { runner, settled, look, texts } = study({ a: 'die', b: 'show next' })
    await settled(runner.run(['a', 'b']))
    expect(look().a).toMatchObject({
      mark: false,
      texts: [expect.stringMatching(/ended with code 3.*Run the cell again/s)],
    })
    expect(look().b).toEqual({ mark: undefined, texts: [] })
    texts.a = 'show alive'
    await settled(runner.run(['a', 'b']))
    expect(look()).toEqual({ a: { mark: true, texts: ['alive'] }, b: { mark: true, texts: ['next'] } })
  })

  test('a kernel that is killed from outside is reported by its signal', async () => {
    const { runner, settled, look, running, kernel } = study({ a: 'wait' })
    const run = runner.run(['a'])
    await running('a')
    process.kill((await kernel.ensure()).pid, 'SIGKILL')
    await settled(run)
    expect(look().a).toMatchObject({ mark: false, texts: [expect.stringContaining('SIGKILL')] })
  })

  test('a kernel that died unnoticed is replaced without a word', async () => {
    const { runner, settled, look, kernel } = study({ a: 'show hello' })
    process.kill((await kernel.ensure()).pid, 'SIGKILL')
    await settled(runner.run(['a']))
    expect(look().a).toEqual({ mark: true, texts: ['hello'] })
  })

  test('a restart ends what runs without an error', async () => {
    const { runner, settled, look, running, kernel } = study({ a: 'wait' })
    const run = runner.run(['a'])
    await running('a')
    await kernel.stop()
    await settled(run)
    expect(look().a).toEqual({ mark: undefined, texts: [] })
  })

  test('a kernel that cannot start is an error of the first cell', async () => {
    const { runner, settled, look, kernel } = study({ a: 'show no', b: 'show no' })
    Object.defineProperty(kernel, 'ensure', { value: () => Promise.reject(new Error('no Node here')) })
    await settled(runner.run(['a', 'b']))
    expect(look().a).toMatchObject({ mark: false, texts: [expect.stringContaining('no Node here')] })
    expect(look().b).toEqual({ mark: undefined, texts: [] })
  })
})
