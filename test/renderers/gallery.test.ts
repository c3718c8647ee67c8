import fc from 'fast-check'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { GalleryPayload } from '../../src/kernel/protocol/mime.ts'
import { FilterError, parseFilter } from '../../src/renderers/gallery/filter.ts'
import { layGrid, moveBy, visibleLines } from '../../src/renderers/gallery/grid.ts'
import { arrange, fieldsOf } from '../../src/renderers/gallery/order.ts'
import { fillRows, type ShownRow } from '../../src/renderers/gallery/rows.ts'
import { OPENING, tagsOf, withTags } from '../../src/renderers/gallery/state.ts'
import { launch, openRenderer, type PageOptions, type RendererPage } from './browser.ts'
import { eventually } from './eventually.ts'
import { objectsOf } from './images.ts'
import { HS, type MarkedTriplet, markedTriplet, PSNR } from './payloads.ts'

vi.setConfig({ testTimeout: 120_000 })

const row = (id: string, method: string, values: ShownRow['values'], tags?: string[]): ShownRow => ({
  id,
  method,
  values,
  tags,
})

const ROWS = [
  row('0001', 'osediff', { psnr: 29, hs: 2.5 }, ['text']),
  row('0001', 'bicubic', { psnr: 31, hs: 5 }),
  row('0002', 'osediff', { psnr: 24, hs: 1 }, ['face', 'text']),
  row('0002', 'bicubic', { psnr: null, hs: 4.5 }),
  row('0003', 'realesrgan-x4plus', { psnr: Number.POSITIVE_INFINITY, hs: Number.NaN }),
]
const FIELDS = fieldsOf([PSNR, HS], row => row.tags ?? [])

const passing = (text: string) => ROWS.flatMap((row, i) => (parseFilter(text, FIELDS)(row) ? [i] : []))

describe('filters', () => {
  it.each([
    ['', [0, 1, 2, 3, 4]],
    ['hs < 3 and psnr > 28', [0]],
    ['hs < 3 or method = "bicubic"', [0, 1, 2, 3]],
    ['not (hs < 3) and psnr', [1, 4]],
    ['tag = "text" && !(tag ~ "FAC")', [0]],
    ["`method` ~ 'x4' || id == '0001' and hs >= 5", [1, 4]],
    ['-1 < hs and hs <= 2.5e0', [0, 2]],
    ['psnr != 29', [1, 2, 4]],
  ])('%s', (text, expected) => expect(passing(text)).toEqual(expected))

  it.each([
    ['hs <', 4, 'ends too early'],
    ['hss < 3', 0, 'There is no "hss"'],
    ['hs < 3 )', 7, 'not expected'],
    ['(hs < 3', 7, 'closing parenthesis'],
    ['hs < 3; alert(1)', 6, 'not expected'],
    ['constructor', 0, 'There is no "constructor"'],
    ['('.repeat(500), 50, 'nested too deeply'],
  ])('%s says where it is wrong', (text, at, reason) => {
    try {
      parseFilter(text, FIELDS)
      expect.unreachable()
    } catch (error) {
      expect(error).toBeInstanceOf(FilterError)
      expect((error as FilterError).message).toContain(reason)
      expect((error as FilterError).at).toBe(at)
    }
  })

  it('any text is either a filter or a filter error', () => {
    const words = fc.constantFrom(
      'hs',
      'psnr',
      '<',
      '>=',
      '3',
      '(',
      ')',
      'and',
      'or',
      'not',
      '"a"',
      '~',
      '-',
      '`',
      "'",
      '\\',
      'toString',
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(words).map(all => all.join(' ')),
        ),
        text => {
          try {
            for (const row of ROWS) expect(typeof parseFilter(text, FIELDS)(row)).toBe('boolean')
          } catch (error) {
            if (!(error instanceof FilterError)) throw error
          }
        },
      ),
    )
  })
})

describe('order', () => {
  const order = (by: string, descending: boolean) =>
    arrange(ROWS, () => true, { by, descending }, '', FIELDS)[0].entries.map(({ index }) => index)

  it('sorts both ways with missing values last and equal ones as they were', () => {
    expect(order('psnr', false)).toEqual([2, 0, 1, 4, 3])
    expect(order('psnr', true)).toEqual([4, 1, 0, 2, 3])
    expect(order('method', false)).toEqual([1, 3, 0, 2, 4])
    expect(order('', true)).toEqual([0, 1, 2, 3, 4])
  })

  it('groups by method, and by tag with rows in each of theirs', () => {
    const group = (by: 'method' | 'tag') =>
      arrange(ROWS, () => true, { by: '', descending: false }, by, FIELDS).map(({ label, entries }) => [
        label,
        entries.length,
      ])
    expect(group('method')).toEqual([
      ['bicubic', 2],
      ['osediff', 2],
      ['realesrgan-x4plus', 1],
    ])
    expect(group('tag')).toEqual([
      ['face', 1],
      ['text', 2],
      ['no tag', 3],
    ])
  })

  it('a grid shows every row once, and moving never leaves it', () => {
    const groups = arrange(ROWS, () => true, { by: '', descending: false }, 'method', FIELDS)
    const grid = layGrid(groups, 100, 8, 2)
    expect(grid.lines.map(({ heading, entries }) => heading?.label ?? entries.length)).toEqual([
      'bicubic',
      2,
      'osediff',
      2,
      'realesrgan-x4plus',
      1,
    ])
    expect(visibleLines(grid, 0, 50, 0)).toEqual([0, 2])
    for (const key of [
      'ArrowUp',
      'ArrowDown',
      'ArrowLeft',
      'ArrowRight',
      'PageUp',
      'PageDown',
      'Home',
      'End',
    ]) {
      for (let place = 0; place < grid.count; place++) {
        const to = moveBy(grid, place, key, 3)!
        expect(to).toBeGreaterThanOrEqual(0)
        expect(to).toBeLessThan(grid.count)
      }
    }
    expect(moveBy(grid, 1, 'ArrowDown', 1)).toBe(3)
    expect(moveBy(grid, 3, 'ArrowDown', 1)).toBe(4)
  })
})

describe('rows', () => {
  it('take what they leave out from the triplets, equal ones in their order', () => {
    const image = (hash: string) => ({ hash, width: 4, height: 4, mime: 'image/png' })
    const sr = (method: string, hash: string, psnr: number) => ({
      role: 'sr' as const,
      label: method,
      method,
      image: image(hash),
      values: { psnr },
    })
    const { rows } = fillRows({
      columns: [PSNR],
      rows: [
        { id: 'a', method: 'osediff' },
        { id: 'a', method: 'osediff' },
        { id: 'a', method: 'bicubic' },
        { id: 'b', method: null, image: image('lr'), values: { psnr: 1 } },
        { id: 'c', method: 'gone' },
      ],
      triplets: [
        { id: 'a', images: [sr('osediff', 's0', 20), sr('osediff', 's1', 21), sr('bicubic', 'b', 22)] },
      ],
    })
    expect(rows.map(({ image, values }) => [image?.hash, values.psnr])).toEqual([
      ['s0', 20],
      ['s1', 21],
      ['b', 22],
      ['lr', 1],
      [undefined, undefined],
    ])
  })

  it('have the tags that were given here until the study has others', () => {
    const plain = row('a', 'm', {}, ['face'])
    const state = { ...OPENING, ...withTags(OPENING, plain, ['face', 'text']) }
    expect(tagsOf(state, plain)).toEqual(['face', 'text'])
    expect(tagsOf(state, { ...plain, tags: ['sign'] })).toEqual(['sign'])
    expect(tagsOf(state, row('a', 'other', {}))).toEqual([])
  })
})

describe('in the browser', () => {
  let browser: Browser
  let marked: MarkedTriplet
  beforeAll(async () => {
    browser = await launch()
    marked = await markedTriplet()
  })
  afterAll(() => browser.close())

  function payload(count: number): GalleryPayload {
    const [, , alpha, beta] = marked.triplet.images
    const rows = Array.from({ length: count }, (_, i): ShownRow => {
      const image = i % 2 === 0 ? alpha : beta
      return {
        id: String(i >> 1).padStart(5, '0'),
        method: image.method!,
        image: image.image,
        values: { psnr: 20 + (i % 100) / 10, hs: 1 + (i % 41) / 10 },
      }
    })
    const triplets = [...new Set(rows.map(({ id }) => id))]
      .slice(0, 100)
      .map(id => ({ ...marked.triplet, id }))
    return { columns: [PSNR, HS], rows, triplets }
  }

  async function open(count: number, options: Partial<PageOptions> = {}): Promise<RendererPage> {
    const view = await openRenderer(browser, {
      renderer: 'gallery',
      objects: objectsOf(marked.images),
      ...options,
    })
    await view.show(payload(count))
    await view.page.locator('.gallery-tile').first().waitFor()
    await view.settle()
    return view
  }

  it('scrolls through 10,000 rows with a constant number of nodes, drawing those in sight', async () => {
    const view = await open(10_000)
    const nodes = () => view.page.locator('.gallery-grid *').count()
    const scroll = (top: number) =>
      view.page.locator('.gallery-grid').evaluate((grid, top) => grid.scrollTo(0, top), top)
    await scroll(5000)
    await view.settle()
    const middle = await nodes()
    for (const top of [20_000, 100_000, 250_000]) {
      await scroll(top)
      await view.settle()
      expect(await nodes()).toBe(middle)
    }
    const tile = view.page.locator('.gallery-tile').nth(7)
    const [id] = (await tile.getAttribute('title'))!.split(' · ')
    expect(Number(id)).toBeGreaterThan(2000)
    expect(middle).toBeLessThan(1500)
    expect(view.problems).toEqual([])
    await view.close()
  })

  it('filters as one writes, says what is wrong, and keeps the last good filter meanwhile', async () => {
    const view = await open(200)
    const status = () => view.page.getByRole('status').first().textContent()
    await view.page.getByRole('textbox', { name: 'Filter' }).fill('hs < 1.35 and method = "alpha"')
    const expected = payload(200).rows.filter(
      ({ values, method }) => (values!.hs as number) < 1.35 && method === 'alpha',
    ).length
    await eventually(status).toBe(`${expected} of 200 rows`)
    await view.page.getByRole('textbox', { name: 'Filter' }).fill('hs < 1.35 and')
    await eventually(() => view.page.locator('.gallery-problem').textContent()).toContain('ends too early')
    expect(await status()).toBe(`${expected} of 200 rows`)
    await view.close()
  })

  it('is walked, opened and tagged by keyboard', async () => {
    const view = await open(200)
    await view.page.getByLabel('Sort', { exact: true }).selectOption('psnr')
    await view.page.locator('.gallery-tile[tabindex="0"]').focus()
    await view.page.keyboard.press('End')
    await eventually(() => view.page.evaluate(() => document.activeElement?.getAttribute('data-place'))).toBe(
      '199',
    )
    const label = await view.page.evaluate(() => document.activeElement!.getAttribute('title'))
    expect(await view.page.evaluate(() => document.activeElement!.textContent)).toContain('psnr 29.90')
    await view.page.keyboard.press('t')
    await view.page.waitForFunction(() => document.activeElement?.getAttribute('aria-label') === 'New tag')
    await view.page.keyboard.type('odd <b>', { delay: 1 })
    await view.page.keyboard.press('Enter')
    const [id, method] = label!.split(' · ')
    expect(await view.requests()).toEqual([{ type: 'tag', cell: 'look', id, method, tags: ['odd <b>'] }])
    expect(await view.page.locator('.gallery-opened .compare').count()).toBe(1)
    expect(
      await view.page
        .getByLabel('Triplet', { exact: true })
        .evaluate(select => (select as HTMLSelectElement).selectedOptions[0].text),
    ).toBe(id)
    await eventually(() => view.page.locator('[data-place="199"] .gallery-tag').textContent()).toBe('odd <b>')
    await view.page.getByRole('textbox', { name: 'Filter' }).fill('tag ~ "odd"')
    await eventually(() => view.page.getByRole('status').first().textContent()).toBe('1 of 200 rows')
    await view.close()
  })

  it('the tag field takes the focus where it is asked for, and leaves it where it is otherwise', async () => {
    const view = await open(40)
    const focused = () => view.page.evaluate(() => document.activeElement?.getAttribute('aria-label'))
    await view.page.locator('[data-place="1"]').click()
    await view.page.locator('.gallery-tags').waitFor()
    await view.settle()
    expect(await focused()).not.toBe('New tag')
    for (const text of ['hs > 0', 'hs > 1']) {
      await view.page.locator('.gallery-tile[tabindex="0"]').focus()
      await view.page.keyboard.press('t')
      await eventually(focused).toBe('New tag')
      const filter = view.page.getByRole('textbox', { name: 'Filter' })
      await filter.fill('')
      await filter.pressSequentially(text)
      await view.settle()
      expect(await focused()).toBe('Filter')
      expect(await filter.inputValue()).toBe(text)
    }
    await view.close()
  })

  it('two of a page have no id in common, and each names what is its own', async () => {
    const view = await open(4)
    await view.show(payload(6), 'second')
    for (const output of ['output', 'second']) {
      await view.page.locator(`#output-${output} .gallery-tile`).first().click()
      await view.page.locator(`#output-${output} datalist`).waitFor({ state: 'attached' })
      await view.page.locator(`#output-${output} .gallery-filter`).fill('hs <')
    }
    const ids = await view.page.evaluate(() => [...document.querySelectorAll('[id]')].map(({ id }) => id))
    expect(new Set(ids).size).toBe(ids.length)
    const own = await view.page.locator('.gallery').evaluateAll(all =>
      all.flatMap(gallery => {
        const message = gallery.querySelector('.gallery-filter')!.getAttribute('aria-describedby')!
        const field = gallery.querySelector<HTMLInputElement>('input[list]')!
        return [document.getElementById(message)!, field.list!].map(element => gallery.contains(element))
      }),
    )
    expect(own).toEqual([true, true, true, true])
    await view.close()
  })

  it('opens a row with its own method in the comparison', async () => {
    const view = await open(40)
    const shown = () =>
      view.page
        .locator('.gallery-opened canvas[data-role=sr]')
        .evaluateAll(all => all.map(canvas => (canvas as HTMLElement).dataset.method))
    for (const [place, method] of [
      [0, 'alpha'],
      [3, 'beta'],
    ] as const) {
      await view.page.locator(`[data-place="${place}"]`).click()
      await eventually(async () => (await shown()).includes(method)).toBe(true)
      expect(await view.page.locator('.gallery-name').textContent()).toContain(method)
    }
    await view.close()
  })

  it('shows what is selected in another output', async () => {
    const view = await open(40)
    await view.page.evaluate(() =>
      window.dispatchEvent(new CustomEvent('mirage:rows', { detail: [{ id: '00003', method: 'beta' }] })),
    )
    await view.page.getByRole('button', { name: 'selected in a chart' }).click()
    await eventually(() => view.page.locator('.gallery-tile').count()).toBe(1)
    expect(await view.page.locator('.gallery-tile[aria-selected="true"]').getAttribute('title')).toBe(
      '00003 · beta',
    )
    await view.close()
  })
})
