import { readFile } from 'node:fs/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Host, startHost } from './support/host.ts'
import {
  descendants,
  hasLoaded,
  isCompute,
  isExtensionHost,
  isKernel,
  kernelsFrom,
} from './support/processes.ts'
import { startSilentServer } from './support/silent-server.ts'
import { CORNERS, LOAD, LOOK, waitingCell, writeStudy, writeTriplets } from './support/studies.ts'
import { Workbench } from './support/workbench.ts'

const SR = 'canvas.mirage-pane-canvas[data-role="sr"][data-state="ready"]'

let host: Host
let workbench: Workbench
let silent: Awaited<ReturnType<typeof startSilentServer>>

beforeAll(async () => {
  silent = await startSilentServer()
  host = await startHost()
  await writeTriplets(host.workspace)
  await writeStudy(host.workspace, 'shown.mirage.md', [LOAD, LOOK])
  await writeStudy(host.workspace, 'waits.mirage.md', [LOAD, waitingCell(silent.url)])
  workbench = await Workbench.open(host)
}, 300_000)

afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await workbench?.screenshot(task.name)
})

afterAll(async () => {
  await workbench?.close()
  await host?.stop()
  silent?.stop()
}, 60_000)

/** Share of the pixels of the SR pane that have each corner's colour. */
async function shares(): Promise<number[]> {
  const frame = await workbench.output(SR)
  return frame
    .locator(SR)
    .first()
    .evaluate((canvas, corners) => {
      const { width, height } = canvas as HTMLCanvasElement
      const { data } = (canvas as HTMLCanvasElement).getContext('2d')!.getImageData(0, 0, width, height)
      const near = (i: number, colour: readonly number[]) =>
        colour.every((value, c) => Math.abs(data[i + c] - value) <= 2)
      const counts = corners.map(() => 0)
      for (let i = 0; i < data.length; i += 4) {
        const corner = corners.findIndex(colour => near(i, colour))
        if (corner >= 0) counts[corner]++
      }
      return counts.map(count => count / (data.length / 4))
    }, CORNERS)
}

describe('a study in a real VS Code', () => {
  test('opens as a notebook, runs, and shows the pixels of the SR image', async () => {
    await workbench.openStudy('shown.mirage.md')
    await workbench.runAll()
    await workbench.succeeded(2)
    for (const share of await shares()) expect(share).toBeGreaterThan(0.1)
    expect(await workbench.isDirty()).toBe(false)
  })

  test.runIf(process.platform === 'linux')('native modules are in compute processes and nowhere else', () => {
    const all = descendants(host.pid)
    const loaded = (processes: typeof all) =>
      processes.map(({ pid }) => ['sharp', 'onnxruntime'].filter(name => hasLoaded(pid, name)))
    const hosts = all.filter(isExtensionHost)
    expect(hosts.length).toBeGreaterThan(0)
    expect(loaded([...hosts, ...all.filter(isKernel)]).flat()).toEqual([])
    expect(loaded(all.filter(isCompute)).flat()).toContain('sharp')
  })

  test('closing the study ends its kernel', async () => {
    await workbench.closeEditor()
    await expect.poll(() => kernelsFrom(host.root), { timeout: 10_000 }).toEqual([])
  })

  test('a new window shows saved outputs without a kernel and without touching the file', async () => {
    const before = await readFile(`${host.workspace}/shown.mirage.md`)
    await workbench.reload()
    await workbench.openStudy('shown.mirage.md')
    for (const share of await shares()) expect(share).toBeGreaterThan(0.1)
    await workbench.page.getByText('saved', { exact: true }).first().waitFor()
    expect(await workbench.isDirty()).toBe(false)
    expect(kernelsFrom(host.root)).toEqual([])
    expect(await readFile(`${host.workspace}/shown.mirage.md`)).toEqual(before)
    await workbench.closeEditor()
  })

  test('a kernel that is killed ends its cell with an error; the file is unchanged and the next run works', async () => {
    const path = `${host.workspace}/waits.mirage.md`
    const before = await readFile(path)
    await workbench.openStudy('waits.mirage.md')
    await workbench.runAll()
    await expect.poll(() => silent.requests(), { timeout: 120_000 }).toBeGreaterThan(0)
    const [kernel] = kernelsFrom(host.root)
    process.kill(kernel.pid, 'SIGKILL')
    await workbench.failed()
    const frame = await workbench.output('text=was ended by SIGKILL')
    expect(await frame.locator('body').textContent()).toContain('Run the cell again')
    expect(await readFile(path)).toEqual(before)
    expect(await workbench.isDirty()).toBe(false)

    await workbench.runCell('triplets')
    await workbench.succeeded(1)
    expect(kernelsFrom(host.root).map(({ pid }) => pid)).not.toContain(kernel.pid)
  })

  test('an interrupt ends a waiting cell within a second or so, and keeps the kernel', async () => {
    const seen = silent.requests()
    const kernels = () => kernelsFrom(host.root).map(({ pid }) => pid)
    const before = kernels()
    await workbench.runCell('score')
    await expect.poll(() => silent.requests(), { timeout: 120_000 }).toBeGreaterThan(seen)
    await workbench.command('Mirage: Interrupt')
    const asked = Date.now()
    await workbench.page.locator('.codicon-notebook-state-executing').first().waitFor({ state: 'hidden' })
    // Less than what a process would be given that does not listen.
    expect(Date.now() - asked).toBeLessThan(4800)
    expect(kernels()).toEqual(before)
    await workbench.closeEditor()
  })
}, 300_000)
