import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { TrainingPayload } from '../../src/kernel/protocol/mime.ts'
import { formatDuration } from '../../src/renderers/training/app.tsx'
import {
  niceTicks,
  paddedRange,
  samplesOf,
  smooth,
  thin,
  tickLabels,
} from '../../src/renderers/training/curve.ts'
import { launch, openRenderer } from './browser.ts'
import { eventually } from './eventually.ts'
import { drawImage, objectsOf, type TestImage } from './images.ts'

vi.setConfig({ testTimeout: 120_000 })

describe('curves', () => {
  it('smooths without a pull to zero: a constant stays constant, and no weight changes nothing', () => {
    const flat = Array.from({ length: 20 }, (_, step) => ({ step, value: 3 }))
    for (const { value } of smooth(flat, 0.95)) expect(value).toBeCloseTo(3, 12)
    const steep = flat.map(({ step }) => ({ step, value: step ** 2 }))
    expect(smooth(steep, 0)).toEqual(steep)
    // By hand: (0.5 * 0.5 * 1 + 0.5 * 3) / (1 - 0.5^2).
    expect(
      smooth(
        [
          { step: 0, value: 1 },
          { step: 1, value: 3 },
        ],
        0.5,
      )[1].value,
    ).toBeCloseTo(1.75 / 0.75, 12)
  })

  it('leaves out what is no number, and keeps peaks when there are too many points to see', () => {
    const points = Array.from({ length: 5000 }, (_, step) => ({
      step,
      values: { loss: step === 3333 ? 99 : step % 7 === 0 ? Number.NaN : 1 },
    }))
    const samples = samplesOf(points, 'loss')
    expect(samples.every(({ value }) => Number.isFinite(value))).toBe(true)
    const thinned = thin(samples, 200)
    expect(thinned.length).toBeLessThanOrEqual(200)
    expect(thinned).toContainEqual({ step: 3333, value: 99 })
    expect(thinned.every(({ step }, i) => i === 0 || step > thinned[i - 1].step)).toBe(true)
  })

  it('has round ticks that can be told apart', () => {
    expect(niceTicks(0.02, 0.99, 4)).toEqual([0.2, 0.4, 0.6, 0.8])
    expect(tickLabels(niceTicks(26.9, 27.4, 3))).toEqual(['27.0', '27.2', '27.4'])
    expect(tickLabels([0, 5e-5, 1e-4])).toEqual(['0', '5e−5', '1e−4'])
    expect(paddedRange([])).toEqual([0, 1])
    expect(paddedRange([2, 2])).toEqual([1.9, 2.1])
    expect([5, 200, 3900, Number.POSITIVE_INFINITY].map(formatDuration)).toEqual([
      '5 s',
      '3 min 20 s',
      '1 h 05 min',
      '–',
    ])
  })
})

describe('in the browser', () => {
  let browser: Browser
  let images: TestImage[]
  beforeAll(async () => {
    browser = await launch()
    images = await Promise.all(
      Array.from({ length: 6 }, (_, i) => drawImage(64, 64, () => [i * 40, 10, 200])),
    )
  })
  afterAll(() => browser.close())

  const [LR, GT, BEFORE, FIRST, SECOND] = [0, 1, 2, 3, 4]

  function payload(patch: Partial<TrainingPayload> = {}): TrainingPayload {
    return {
      run: 'tune-1',
      state: 'running',
      totalSteps: 100,
      secondsLeft: 61,
      series: [
        { name: 'loss', label: 'total', group: 'loss', direction: 'lower' },
        { name: 'inception', label: 'Inception', group: 'reward', direction: 'higher' },
        { name: 'lr', label: 'learning rate', group: 'schedule', direction: 'none' },
      ],
      points: Array.from({ length: 50 }, (_, i) => ({
        step: i + 1,
        values: { loss: 1 / (i + 1), inception: i / 50, lr: 1e-4 },
      })),
      samples: [
        {
          id: 'shop',
          lr: images[LR].ref,
          gt: images[GT].ref,
          before: images[BEFORE].ref,
          at: [
            { step: 10, image: images[FIRST].ref },
            { step: 40, image: images[SECOND].ref },
          ],
        },
      ],
      ...patch,
    }
  }

  const open = async (shown: TrainingPayload) => {
    const view = await openRenderer(browser, {
      renderer: 'training',
      objects: objectsOf(images),
      height: 1000,
    })
    await view.show(shown)
    await view.settle()
    return view
  }

  it('draws a plot per kind of term, grows as points come, and keeps what was set', async () => {
    const view = await open(payload({ points: payload().points.slice(0, 10) }))
    expect(await view.page.locator('.training-plot figcaption').allTextContents()).toEqual([
      'Loss',
      'Reward: Inception',
      'Schedule: learning rate',
    ])
    const width = () =>
      view.page
        .locator('.training-curve path')
        .last()
        .evaluate(path => (path as SVGPathElement).getBBox().width)
    const early = await width()
    await view.page.getByRole('slider', { name: 'Smoothing' }).fill('0.5')
    await view.show(payload())
    await eventually(width).toBeGreaterThan(early * 4)
    expect(await view.page.getByRole('slider', { name: 'Smoothing' }).inputValue()).toBe('0.5')
    expect(await view.page.locator('.training-value').first().textContent()).toMatch(/^0\.02/)
    expect(await view.page.getByText('1 min 01 s left').count()).toBe(1)
    await view.close()
  })

  it('moves all samples by the step slider, and opens before and after in the comparison', async () => {
    const view = await open(payload())
    const shown = () => view.pixel('.training-image:nth-child(3) canvas', 64, 64)
    await eventually(shown).toEqual([SECOND * 40, 10, 200, 255])
    const slider = view.page.getByRole('slider', { name: 'Samples at step' })
    await slider.focus()
    await view.page.keyboard.press('ArrowLeft')
    await eventually(shown).toEqual([FIRST * 40, 10, 200, 255])
    await view.page.getByRole('button', { name: 'Compare shop' }).click()
    await view.page.locator('canvas[data-method=tuned]').first().waitFor()
    await view.settle()
    expect(await view.pixel('canvas[data-method=before]', 60, 60)).toEqual([BEFORE * 40, 10, 200, 255])
    expect(await view.pixel('canvas[data-method=tuned]', 60, 60)).toEqual([FIRST * 40, 10, 200, 255])
    expect(view.problems).toEqual([])
    await view.close()
  })

  it('asks the kernel to pause, go on and stop, once each', async () => {
    const view = await open(payload())
    await view.page.getByRole('button', { name: 'Pause' }).click()
    expect(await view.page.getByRole('button', { name: 'Pause' }).isDisabled()).toBe(true)
    await view.show(payload({ state: 'paused' }))
    await view.page.getByRole('button', { name: 'Resume' }).click()
    await view.page.getByRole('button', { name: 'Stop' }).click()
    expect(await view.requests()).toEqual(
      ['pause', 'resume', 'stop'].map(action => ({ type: 'training', run: 'tune-1', action })),
    )
    await view.show(payload({ state: 'stopped' }))
    expect(await view.page.getByRole('button', { name: 'Stop' }).count()).toBe(0)
    await view.close()
  })

  it('reads the curves step by step by keyboard', async () => {
    const view = await open(payload())
    await view.page.getByRole('application', { name: 'Curves' }).focus()
    await view.page.keyboard.press('Shift+ArrowLeft')
    await view.page.keyboard.press('ArrowLeft')
    await eventually(() => view.page.locator('.training > [role=status]').textContent()).toBe(
      'step 39, total 0.0256, Inception 0.7600, learning rate 0.0001',
    )
    await view.close()
  })
})
