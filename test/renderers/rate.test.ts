import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { RatePayload } from '../../src/kernel/protocol/mime.ts'
import { orderFor } from '../../src/renderers/rate/order.ts'
import { launch, openRenderer, type RendererPage } from './browser.ts'
import { eventually } from './eventually.ts'
import { drawImage, objectsOf, type TestImage } from './images.ts'

vi.setConfig({ testTimeout: 120_000 })

const PAIRS = 5
let browser: Browser
let original: TestImage
let results: TestImage[]
let payload: RatePayload
beforeAll(async () => {
  browser = await launch()
  original = await drawImage(64, 64, () => [200, 200, 200], 'gt/a.png')
  results = await Promise.all(
    Array.from({ length: PAIRS }, (_, i) => drawImage(64, 64, () => [20 * i, 0, 0], `gan-${i}.png`)),
  )
  payload = {
    session: 's',
    question: 'How much was invented?',
    labels: ['main content', 'objects', 'noticeable', 'trivial', 'nothing'],
    pairs: results.map(({ ref }, i) => ({
      key: `k${i}`,
      references: [{ label: 'Original', image: original.ref }],
      result: ref,
    })),
  }
})
afterAll(() => browser.close())

const open = async () => {
  const objects = objectsOf([original, ...results])
  const view = await openRenderer(browser, { renderer: 'rate', objects, height: 1000 })
  await view.show(payload)
  return view
}

const begin = async (view: RendererPage, rater: string) => {
  await view.page.getByRole('textbox', { name: 'Your name or pseudonym' }).fill(rater)
  await view.page.keyboard.press('Enter')
  await view.page.locator('.rate').waitFor()
}

/** Answers that were sent, in order. */
const answers = async (view: RendererPage) =>
  (await view.requests()).flatMap(({ answer }) => (answer ? [answer as Record<string, unknown>] : []))

const press = async (view: RendererPage, key: string) => {
  const before = (await answers(view)).length
  await view.page.keyboard.press(key)
  await eventually(async () => (await answers(view)).length).toBe(before + 1)
  await view.page
    .locator('.rate-choice:not([aria-disabled=true])')
    .first()
    .or(view.page.getByText('Thank you'))
    .waitFor()
}

it('each rater has an order of their own, which stays', () => {
  const pairs = Array.from({ length: 40 }, (_, i) => ({ key: `k${i}` }))
  const names = (rater: string) => orderFor(pairs, rater).map(({ key }) => key)
  expect(names('ann')).toEqual(names('ann'))
  expect(names('ann')).not.toEqual(names('bob'))
  expect(names('ann').sort()).toEqual(pairs.map(({ key }) => key).sort())
  // Over many raters every pair comes first about as often.
  const first = Map.groupBy(
    Array.from({ length: 4000 }, (_, i) => names(`r${i}`)[0]),
    key => key,
  )
  for (const { length } of first.values()) expect(length).toBeGreaterThan(50)
})

it('is done by keyboard alone: a name, then a digit for each pair', async () => {
  const view = await open()
  await begin(view, ' ann ')
  const order = orderFor(payload.pairs, 'ann')
  for (const [i, { key, result }] of order.entries()) {
    const red = 20 * results.findIndex(({ ref }) => ref.hash === result.hash)
    await eventually(() => view.pixel('.rate-pair figure:last-child canvas', 5, 5)).toEqual([red, 0, 0, 255])
    expect(await view.pixel('.rate-pair figure:first-child canvas', 5, 5)).toEqual([200, 200, 200, 255])
    await press(view, String(1 + (i % 5)))
    expect((await answers(view)).at(-1)).toMatchObject({ pair: key, rating: 1 + (i % 5) })
  }
  expect(await view.page.getByText('All pairs are rated').count()).toBe(1)
  for (const { seconds } of await answers(view)) expect(seconds).toBeGreaterThan(0)
  expect(view.problems).toEqual([])
  await view.close()
})

it('never shows which method made a result', async () => {
  const view = await open()
  await begin(view, 'ann')
  expect(await view.page.content()).not.toMatch(/gan-\d/)
  await view.close()
})

it('other keys do nothing, and the last answer can be taken back', async () => {
  const view = await open()
  await begin(view, 'ann')
  for (const key of ['0', '6', 'x', 'Control+3']) await view.page.keyboard.press(key)
  expect(await answers(view)).toEqual([])
  await press(view, '2')
  await press(view, '3')
  await view.page.keyboard.press('Backspace')
  await view.page.locator('.rate-choice[aria-pressed=true]', { hasText: '3' }).waitFor()
  await press(view, '5')
  const [first, second, third] = await answers(view)
  expect(third).toMatchObject({ pair: second.pair, rating: 5 })
  expect(first.pair).not.toBe(second.pair)
  expect(await view.page.getByText('2 / 5').count()).toBe(1)
  await view.close()
})

it('a rater who comes back goes on with what is left; another one starts with everything', async () => {
  const view = await open()
  await begin(view, 'ann')
  await press(view, '2')
  await press(view, '4')
  await view.page.getByRole('button', { name: 'Leave' }).click()
  await begin(view, 'bob')
  await view.page.getByText('0 / 5').waitFor()
  await view.page.getByRole('button', { name: 'Leave' }).click()
  await begin(view, 'ann')
  await view.page.getByText('2 / 5').waitFor()
  await press(view, '1')
  expect((await answers(view)).at(-1)).toMatchObject({ pair: orderFor(payload.pairs, 'ann')[2].key })
  await view.close()
})

it('an answer that could not be kept is said, and the pair stays', async () => {
  const view = await open()
  await begin(view, 'ann')
  await view.page.evaluate(() => {
    window.mirage.refusal = 'The kernel is not running.'
  })
  await press(view, '4')
  await view.page.getByText('The kernel is not running.').waitFor()
  expect(await view.page.getByText('0 / 5').count()).toBe(1)
  await view.page.evaluate(() => {
    window.mirage.refusal = undefined
  })
  await press(view, '4')
  await view.page.getByText('1 / 5').waitFor()
  await view.close()
})
