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

const open = async (failing: Record<string, string> = {}) => {
  const objects = { ...objectsOf([original, ...results]), ...failing }
  const view = await openRenderer(browser, { renderer: 'rate', objects, height: 1000 })
  await view.show(payload)
  return view
}

const enter = async (view: RendererPage, rater: string) => {
  await view.page.getByRole('textbox', { name: 'Your name or pseudonym' }).fill(rater)
  await view.page.keyboard.press('Enter')
  await view.page.locator('.rate').waitFor()
}

/** Waits until a pair can be rated, or it is said why none can. */
const ready = (view: RendererPage) =>
  view.page
    .locator('.rate-choice:not([aria-disabled=true]), .rate [role=alert], .rate > .m-message')
    .first()
    .waitFor()

const begin = async (view: RendererPage, rater: string) => {
  await enter(view, rater)
  await ready(view)
}

/** Answers that were sent, in order. */
const answers = async (view: RendererPage) =>
  (await view.requests()).flatMap(({ answer }) => (answer ? [answer as Record<string, unknown>] : []))

const press = async (view: RendererPage, key: string) => {
  const before = (await answers(view)).length
  await view.page.keyboard.press(key)
  await eventually(async () => (await answers(view)).length).toBe(before + 1)
  await ready(view)
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

it('a key that is held rates one pair', async () => {
  const view = await open()
  await begin(view, 'ann')
  await view.page.keyboard.down('3')
  await view.page.getByText('1 / 5').waitFor()
  for (let i = 0; i < 5; i++) {
    await ready(view)
    await view.page.keyboard.down('3')
  }
  await view.page.keyboard.up('3')
  await press(view, '4')
  expect((await answers(view)).map(({ rating }) => rating)).toEqual([3, 4])
  await view.close()
})

it('a pair is rated once all of its images are seen, and its time counts from then', async () => {
  const view = await open()
  await view.page.evaluate(() => {
    window.mirage.held = []
  })
  await enter(view, 'ann')
  const choices = view.page.locator('.rate-choice')
  expect(await choices.evaluateAll(all => all.map(choice => choice.ariaDisabled))).toEqual(
    Array(5).fill('true'),
  )
  await eventually(() => view.page.evaluate(() => window.mirage.held!.length)).toBe(2)
  const refuses = async () => {
    await view.page.keyboard.press('2')
    await choices.first().click({ force: true })
    expect(await answers(view)).toEqual([])
  }
  await refuses()
  await view.page.evaluate(() => window.mirage.held!.shift()!())
  await view.page.locator('.rate-pair canvas[data-state=ready]').waitFor()
  await refuses()
  await view.page.waitForTimeout(1500)
  const since = await view.page.evaluate(() => {
    const { held } = window.mirage
    window.mirage.held = undefined
    held!.shift()!()
    return performance.now()
  })
  await ready(view)
  await press(view, '2')
  const longest = await view.page.evaluate(since => (performance.now() - since) / 1000, since)
  const [{ seconds }] = await answers(view)
  expect(seconds).toBeGreaterThan(0)
  expect(seconds).toBeLessThan(longest)
  await view.close()
})

it('a pair that cannot be shown is said, is not rated, and can be skipped until it can', async () => {
  const [first, second] = orderFor(payload.pairs, 'ann')
  const { hash } = second.result
  const view = await open({ [hash]: 'The store has no such object.' })
  await begin(view, 'ann')
  await view.page.keyboard.press('s')
  await press(view, '1')
  expect((await answers(view)).at(-1)).toMatchObject({ pair: first.key })
  await eventually(() => view.page.getByRole('alert').textContent()).toBe(
    'Result: The store has no such object. This pair cannot be rated.',
  )
  await view.page.keyboard.press('2')
  await view.page.keyboard.press('s')
  await view.page.getByRole('alert').waitFor({ state: 'detached' })
  await ready(view)
  for (const key of ['3', '4', '5']) await press(view, key)
  expect((await answers(view)).map(({ rating }) => rating)).toEqual([1, 3, 4, 5])
  await view.page.getByText('not rated: 1').waitFor()

  const base64 = results.find(({ ref }) => ref.hash === hash)!.bytes.toString('base64')
  await view.page.evaluate(
    ([hash, base64]) => {
      window.hostObjects![hash] = { base64 }
    },
    [hash, base64] as const,
  )
  await view.page.getByRole('button', { name: 'Leave' }).click()
  await begin(view, 'ann')
  await press(view, '2')
  expect((await answers(view)).at(-1)).toMatchObject({ pair: second.key })
  await view.page.getByText('All pairs are rated').waitFor()
  await view.close()
})
