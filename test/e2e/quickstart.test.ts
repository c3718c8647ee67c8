import { execFile } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import sharp from 'sharp'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { openStudy } from '../../src/notebook/open.ts'
import { type Host, PROJECT, startHost } from './support/host.ts'
import { Workbench } from './support/workbench.ts'

const METHODS = ['realesr-general-x4v3', 'rrdn-thick-x4', 'bicubic']
const IMAGES = 8

let host: Host
let workbench: Workbench
/** What was tried to reach beyond this machine. */
let denied: string

beforeAll(async () => {
  denied = join(await mkdtemp(join(tmpdir(), 'mirage-denied-')), 'denied.txt')
  // VS Code takes `NODE_OPTIONS` away from its extensions, so the Node of the settings brings it back.
  const node = join(dirname(denied), 'node')
  const options = `--require ${join(import.meta.dirname, 'support', 'deny-network.cjs')}`
  await writeFile(node, `#!/bin/sh\nNODE_OPTIONS='${options}' exec '${process.execPath}' "$@"\n`, {
    mode: 0o755,
  })
  host = await startHost({
    settings: { 'mirage.node.path': node },
    env: {
      // A key of the person who runs the tests must not be spent here.
      OPENAI_API_KEY: '',
      OPENAI_BASE_URL: '',
      MIRAGE_TEST_DENIED: denied,
    },
  })
  // High enough to see every cell, as only what is near the window is drawn.
  workbench = await Workbench.open(host, { height: 16_000 })
}, 300_000)

afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await workbench?.screenshot(task.name)
})

afterAll(async () => {
  await workbench?.close()
  await host?.stop()
  await rm(dirname(denied), { recursive: true, force: true })
}, 60_000)

async function copyQuickstart(folder: string): Promise<void> {
  for (const name of ['quickstart.mirage.md', 'examples']) {
    await cp(join(PROJECT, 'notebooks', name), join(folder, name), { recursive: true })
  }
}

describe('the quick start in a real VS Code without a network', () => {
  test('is opened by its command, and runs from the first cell to the last', async () => {
    await workbench.command('Mirage: Open the Quick Start')
    await workbench.answer(`${host.workspace}/`)
    await workbench.cells().first().waitFor({ timeout: 120_000 })
    await workbench.runAll()
    const text = await readFile(join(PROJECT, 'notebooks', 'quickstart.mirage.md'), 'utf8')
    const cells = openStudy(text).document.cells.filter(({ kind }) => kind !== 'prose').length
    await workbench.succeeded(cells, 300_000)
    expect(await workbench.isDirty()).toBe(false)
    await workbench
      .kernelStatus()
      .getByText(/idle · (cpu|webgpu|cuda) · [\d.]+ [MG]B/)
      .waitFor()
    const noted = (await readFile(denied, 'utf8')).split('\n')
    const held = noted.filter(line => line.startsWith('held'))
    for (const bundle of ['kernel.mjs', 'compute.mjs']) expect(held.join('\n')).toContain(bundle)
    expect(noted.filter(line => line.startsWith('denied') && line.includes('mirage'))).toEqual([])
  })

  test('shows SR images that are sharp pictures of the right thing', async () => {
    const lr = sharp(join(PROJECT, 'notebooks', 'examples', 'lr', 'clock.png'))
    const { channels } = await lr.removeAlpha().stats()
    const means = channels.slice(0, 3).map(({ mean }) => mean)
    // The comparison shows four panes at first: LR, GT and these two.
    for (const method of METHODS.slice(0, 2)) {
      const pane = `canvas.mirage-pane-canvas[data-role="sr"][data-method="${method}"][data-state="ready"]`
      const frame = await workbench.output(pane)
      // The comparison of the models' cell, whose first image is that one.
      const drawn = frame
        .locator('.mirage-compare', { has: frame.locator('[data-role="sr"]') })
        .first()
        .locator(pane)
      await drawn.waitFor()
      const seen = await drawn.evaluate(canvas => {
        const { width, height } = canvas as HTMLCanvasElement
        const { data } = (canvas as HTMLCanvasElement).getContext('2d')!.getImageData(0, 0, width, height)
        const sums = [0, 0, 0]
        const colours = new Set<number>()
        let drawn = 0
        for (let i = 0; i < data.length; i += 4) {
          if (data[i + 3] < 255) continue
          drawn++
          for (let c = 0; c < 3; c++) sums[c] += data[i + c]
          colours.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2])
        }
        return {
          means: sums.map(sum => sum / drawn),
          colours: colours.size,
          share: drawn / (width * height),
        }
      })
      // Super-resolution keeps the mean of the picture; a blank or wrong one would not have it.
      for (const [c, mean] of seen.means.entries()) {
        expect(Math.abs(mean - means[c]), method).toBeLessThan(8)
      }
      expect(seen.colours, method).toBeGreaterThan(1000)
    }
  })

  test('draws a mark for every image and method in the plot', async () => {
    const frame = await workbench.output('.chart-plot svg .mark-symbol path')
    const marks = await frame
      .locator('.chart-plot')
      .first()
      .locator('.mark-symbol')
      .first()
      .locator('path')
      .count()
    expect(marks).toBe(IMAGES * METHODS.length)
  })

  test('gives the same numbers as the command line', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mirage-headless-'))
    try {
      await copyQuickstart(folder)
      const study = join(folder, 'quickstart.mirage.md')
      const env = { ...process.env, OPENAI_API_KEY: '', OPENAI_BASE_URL: '' }
      await promisify(execFile)(process.execPath, [join(PROJECT, 'dist', 'cli.mjs'), 'run', study], { env })
      const table = (root: string) => readFile(join(root, 'results', 'quickstart.csv'), 'utf8')
      expect(await table(host.workspace)).toBe(await table(folder))
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
}, 900_000)
