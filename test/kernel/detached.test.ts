import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { Patience } from '../../src/kernel/attendance.ts'
import type { KernelClient, KernelExit } from '../../src/kernel/protocol/client.ts'
import { attachKernel, launchDetached, type Rendezvous } from '../../src/kernel/protocol/detached.ts'
import type { CellEvent } from '../../src/kernel/protocol/messages.ts'
import { REPOSITORY, type StudyFolder, studyFolder, studyOf } from '../support/study-folder.ts'

// The kernel of a window, which goes on when the window is loaded again: its own process and the real socket.

interface Heard {
  events: CellEvent[]
  exits: KernelExit[]
}

const left: Rendezvous[] = []
afterEach(() => {
  for (const { pid } of left.splice(0)) if (alive(pid)) process.kill(pid, 'SIGKILL')
})

function ears() {
  const heard: Heard = { events: [], exits: [] }
  return {
    heard,
    onEvent: (event: CellEvent) => void heard.events.push(event),
    onExit: (exit: KernelExit) => void heard.exits.push(exit),
    onLog: () => {},
  }
}

async function launch(patience: Patience = { idle: 20_000, running: 20_000 }) {
  const { heard, ...handlers } = ears()
  const started = await launchDetached({
    node: process.execPath,
    entry: join(REPOSITORY, 'dist/kernel.mjs'),
    cwd: REPOSITORY,
    patience,
    ...handlers,
  })
  left.push(started.rendezvous)
  return { ...started, heard }
}

async function attach(rendezvous: Rendezvous): Promise<{ client: KernelClient; heard: Heard }> {
  const { heard, ...handlers } = ears()
  return { client: await attachKernel(rendezvous, handlers), heard }
}

/** A study whose second cell counts until the file `go` is there. */
async function waiting(folder: StudyFolder) {
  const text = [
    '```ts mirage id=first\nexport default 1\n```\n',
    `\`\`\`ts mirage id=waits
const { existsSync } = await import('node:fs')
while (!existsSync(${JSON.stringify(folder.file('go'))})) {
  signal.throwIfAborted()
  await new Promise(done => setTimeout(done, 20))
}
export default 'gone on'
\`\`\`
`,
  ].join('\n')
  const study = studyOf(await folder.write(text), text)
  return { study, cells: ['first', 'waits'], path: study.path, go: () => writeFile(folder.file('go'), '') }
}

/** A window whose kernel has come to the second cell of that study. */
async function running(folder: StudyFolder, patience?: Patience) {
  const { study, ...about } = await waiting(folder)
  const first = await launch(patience)
  void first.client.request('run', { study, cells: about.cells }).catch(() => {})
  await expect.poll(() => started(first.heard, 'waits'), { timeout: 20_000 }).toBe(true)
  return { first, ...about }
}

describe('a kernel that outlives its window', () => {
  test('goes on with a run, and tells the next window what it has told and how it ended', async () => {
    await using folder = await studyFolder({ count: 0 })
    const { first, cells, path, go } = await running(folder)
    first.client.leave()

    const second = await attach(first.rendezvous)
    const { runs } = await second.client.request('attach', { path })
    expect(runs).toMatchObject([{ cells }])
    const following = second.client.request('follow', { run: runs[0].run })
    await expect.poll(() => started(second.heard, 'waits'), { timeout: 20_000 }).toBe(true)
    await go()
    expect(await following).toMatchObject({ succeeded: cells })
    expect(second.heard.events.map(({ cell, type }) => `${cell} ${type}`)).toEqual([
      'first queued',
      'waits queued',
      'first started',
      'first outputs',
      'first ended',
      'waits started',
      'waits outputs',
      'waits ended',
    ])
    expect(first.heard.exits).toEqual([])
    expect((await second.client.request('attach', { path })).runs).toEqual([])
    await second.client.dispose()
    expect(second.heard.exits).toMatchObject([{ expected: true }])
    expect(existsSync(first.rendezvous.folder)).toBe(false)
  })

  test('a run that ended while nobody was there is told to who comes next', async () => {
    await using folder = await studyFolder({ count: 0 })
    const { first, cells, path, go } = await running(folder)
    first.client.leave()
    await go()
    const lock = path.replace(/\.md$/, '.lock.json')
    await expect.poll(() => existsSync(lock), { timeout: 20_000 }).toBe(true)
    const second = await attach(first.rendezvous)
    await told(second, path, cells)
    await second.client.dispose()
  })

  test('a run that ends while a window has come and not yet asked is told to it', async () => {
    await using folder = await studyFolder({ count: 0 })
    const { first, cells, path, go } = await running(folder)
    first.client.leave()
    const second = await attach(first.rendezvous)
    await go()
    await expect.poll(() => ended(second.heard, 'waits'), { timeout: 20_000 }).toBe(true)
    await told(second, path, cells)
    expect((await second.client.request('attach', { path })).runs).toEqual([])
    await second.client.dispose()
  })

  test('a run that ends in the moment in which its window leaves is told to the next', async () => {
    await using folder = await studyFolder({ count: 0 })
    const { first, cells, path, go } = await running(folder)
    await go()
    await expect.poll(() => ended(first.heard, 'waits'), { timeout: 20_000, interval: 1 }).toBe(true)
    first.client.leave()
    const second = await attach(first.rendezvous)
    await told(second, path, cells)
    await second.client.dispose()
  })

  test('a run that is followed by a window that leaves in turn is told to the next', async () => {
    await using folder = await studyFolder({ count: 0 })
    const { first, cells, path, go } = await running(folder)
    first.client.leave()
    const second = await attach(first.rendezvous)
    const { runs } = await second.client.request('attach', { path })
    void second.client.request('follow', { run: runs[0].run }).catch(() => {})
    await expect.poll(() => started(second.heard, 'waits'), { timeout: 20_000 }).toBe(true)
    second.client.leave()
    const third = await attach(first.rendezvous)
    await go()
    await expect.poll(() => ended(third.heard, 'waits'), { timeout: 20_000 }).toBe(true)
    await told(third, path, cells)
    await third.client.dispose()
  })

  test('ends by itself when nobody comes back, after its time with nothing to do or with a run', async () => {
    await using folder = await studyFolder({ count: 0 })
    const idle = await launch({ idle: 3000, running: 60_000 })
    idle.client.leave()
    await expect.poll(() => alive(idle.rendezvous.pid), { timeout: 20_000 }).toBe(false)
    expect(existsSync(idle.rendezvous.folder)).toBe(false)

    const { first: busy } = await running(folder, { idle: 3000, running: 300 })
    busy.client.leave()
    await expect.poll(() => alive(busy.rendezvous.pid), { timeout: 20_000 }).toBe(false)
  })

  test('whatever is asked while it dies is told that it is gone', async () => {
    const { client } = await launch()
    process.kill(client.pid, 'SIGKILL')
    const answers: Promise<string>[] = []
    // The connection breaks first, and the process's end is known a little later.
    for (let i = 0; i < 100; i++) {
      const asked = client.request('freshness', { study: studyOf('/none.mirage.md', '') })
      answers.push(
        asked.then(
          () => 'answered',
          error => error.name,
        ),
      )
      await new Promise(done => setTimeout(done, 1))
    }
    const reasons = await Promise.all(answers)
    expect(new Set(reasons)).toEqual(new Set(['KernelGoneError']))
  })

  test('speaks with one client, and only with who knows the token', async () => {
    const { client, rendezvous } = await launch()
    await expect(attach(rendezvous)).rejects.toMatchObject({ info: { code: 'occupied' } })
    client.leave()
    const stranger = { ...rendezvous, token: 'x'.repeat(rendezvous.token.length) }
    await expect(attach(stranger)).rejects.toThrow()
    const again = await attach(rendezvous)
    expect(await again.client.request('freshness', { study: studyOf('/none.mirage.md', '') })).toEqual({
      cells: {},
    })
    await again.client.dispose()
  })

  test.runIf(process.platform === 'linux')('listens on a socket of its owner and on no port', async () => {
    const { client, rendezvous } = await launch()
    expect(statSync(rendezvous.folder).mode & 0o777).toBe(0o700)
    expect(statSync(rendezvous.socket).isSocket()).toBe(true)
    const listening = ['tcp', 'tcp6'].flatMap(name =>
      readFileSync(`/proc/${rendezvous.pid}/net/${name}`, 'utf8').split('\n'),
    )
    const own = readdirSync(`/proc/${rendezvous.pid}/fd`).flatMap(fd => {
      const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${rendezvous.pid}/fd/${fd}`))?.[1]
      return inode ? [inode] : []
    })
    expect(own.length).toBeGreaterThan(0)
    expect(listening.filter(line => own.some(inode => line.includes(` ${inode} `)))).toEqual([])
    await client.dispose()
  })

  test('a kernel that is killed is said with its signal and its last words', async () => {
    const { heard, rendezvous } = await launch()
    process.kill(rendezvous.pid, 'SIGKILL')
    await expect
      .poll(() => heard.exits, { timeout: 20_000 })
      .toMatchObject([{ signal: 'SIGKILL', expected: false }])
  })
}, 60_000)

/** Expects the one run of a study to be told from its start, and that it has succeeded. */
async function told(
  { client, heard }: { client: KernelClient; heard: Heard },
  path: string,
  cells: string[],
) {
  const { runs } = await client.request('attach', { path })
  expect(runs).toMatchObject([{ cells }])
  expect(await client.request('follow', { run: runs[0].run })).toMatchObject({ succeeded: cells })
  expect(started(heard, 'waits')).toBe(true)
  expect(heard.events.at(-1)).toMatchObject({ cell: 'waits', type: 'ended' })
}

const ended = ({ events }: Heard, cell: string) =>
  events.some(event => event.type === 'ended' && event.cell === cell)

const started = ({ events }: Heard, cell: string) =>
  events.some(event => event.type === 'started' && event.cell === cell)

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
