import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { TablePayload } from '../../src/kernel/protocol/mime.ts'
import { escapeLatex, toCsv, toLatex } from '../../src/renderers/table/copy.ts'
import { goodness, showColumns, sortRows } from '../../src/renderers/table/order.ts'
import { launch, openRenderer } from './browser.ts'
import { eventually } from './eventually.ts'
import { HS, PSNR } from './payloads.ts'

vi.setConfig({ testTimeout: 120_000 })

const PAYLOAD: TablePayload = {
  caption: 'Methods',
  keys: ['method'],
  columns: [PSNR, { ...HS, direction: 'lower' }],
  rows: [
    { method: 'a_1', psnr: 27.456, hs: 2 },
    { method: 'say "b", twice', psnr: null, hs: 1.5 },
    { method: 'c', psnr: 29.5, hs: Number.POSITIVE_INFINITY },
    { method: 'd', psnr: Number.NaN, hs: 3 },
  ],
}

describe('numbers', () => {
  const columns = showColumns(PAYLOAD)
  const [, psnr, hs] = columns

  it('sort with missing ones last, whichever way', () => {
    const order = (descending: boolean) =>
      sortRows(PAYLOAD.rows, 'psnr', descending).map(({ method }) => method)
    expect(order(false)).toEqual(['a_1', 'c', 'say "b", twice', 'd'])
    expect(order(true)).toEqual(['c', 'a_1', 'say "b", twice', 'd'])
  })

  it('are as good as their direction says, over the finite ones', () => {
    expect([27.456, 29.5].map(value => goodness(psnr, value))).toEqual([0, 1])
    expect([3, 2.25, 1.5, Number.POSITIVE_INFINITY].map(value => goodness(hs, value))).toEqual([
      0,
      0.5,
      1,
      undefined,
    ])
  })

  it('are copied as CSV with all digits', () => {
    expect(toCsv(columns, PAYLOAD.rows)).toBe(
      'method,psnr,hs\r\na_1,27.456,2\r\n"say ""b"", twice",,1.5\r\nc,29.5,Infinity\r\nd,NaN,3\r\n',
    )
  })

  it('are copied as a LaTeX tabular, aligned, the best in bold', () => {
    expect(toLatex(columns, PAYLOAD.rows)).toBe(
      [
        '\\begin{tabular}{lrr}',
        '\\toprule',
        'method & PSNR (dB) $\\uparrow$ & HS $\\downarrow$ \\\\',
        '\\midrule',
        'a\\_1 & 27.46 & 2.000 \\\\',
        'say "b", twice & -- & \\textbf{1.500} \\\\',
        'c & \\textbf{29.50} & $\\infty$ \\\\',
        'd & NaN & 3.000 \\\\',
        '\\bottomrule',
        '\\end{tabular}',
        '',
      ].join('\n'),
    )
    expect(escapeLatex('50% of $x_1 & {y} ~ \\z^2 #')).toBe(
      '50\\% of \\$x\\_1 \\& \\{y\\} \\textasciitilde{} \\textbackslash{}z\\textasciicircum{}2 \\#',
    )
  })
})

describe('in the browser', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launch()
  })
  afterAll(() => browser.close())

  it('sorts by its headings, towards the better end first, and reaches the last of many rows', async () => {
    const view = await openRenderer(browser, { renderer: 'table' })
    const rows = Array.from({ length: 5000 }, (_, i) => ({
      method: `m${i}`,
      psnr: 20 + ((i * 37) % 1000) / 100,
      hs: i % 5,
    }))
    await view.show({ ...PAYLOAD, rows })
    const first = () => view.page.locator('tbody td').first().textContent()
    expect(await first()).toBe('m0')
    const heading = view.page.getByRole('columnheader', { name: 'PSNR' })
    await heading.getByRole('button').focus()
    await view.page.keyboard.press('Enter')
    await eventually(first).toBe('m27')
    expect(await heading.getAttribute('aria-sort')).toBe('descending')
    await view.page.keyboard.press('Enter')
    await eventually(first).toBe('m0')
    await view.page.keyboard.press('Enter')
    expect(await heading.getAttribute('aria-sort')).toBe('none')

    expect(await view.page.locator('tbody tr').count()).toBeLessThan(80)
    await view.page.locator('.table-scroll').focus()
    await view.page.keyboard.press('End')
    await eventually(() => view.page.locator('tbody td').allTextContents()).toContain('m4999')
    const scrolled = await view.page.locator('tr[aria-rowindex="5001"]').textContent()
    expect(scrolled).toContain('m4999')
    expect(view.problems).toEqual([])
    await view.close()
  })

  it('wraps long headings, whose ends stay, and never cuts a number', async () => {
    const view = await openRenderer(browser, { renderer: 'table' })
    const label = 'Hallucination Score, rubric of Mirage (not the wording of the paper) (ESTIMATE)'
    const columns = [
      { ...HS, name: 'hs', label },
      ...['low', 'high'].map(name => ({ ...PSNR, name, label: undefined, unit: undefined })),
      { ...PSNR, name: 'word', label: 'x'.repeat(200) },
    ]
    const rows = [
      { method: 'a', hs: 4.898, low: -0.1234, high: -123456.789, word: 1 },
      { method: 'b', hs: null, low: -1.234e-7, high: 1e9, word: null },
    ]
    await view.show({ keys: ['method'], columns, rows })
    const cells = view.page.locator('td[data-numeric]')
    expect(await cells.allTextContents()).toEqual([
      '4.898',
      '−0.1234',
      '−123456.8',
      '1',
      '–',
      '−1.23e-7',
      '1.00e+9',
      '–',
    ])
    expect(await cells.evaluateAll(all => all.map(cell => cell.scrollWidth - cell.clientWidth))).toEqual(
      Array(8).fill(0),
    )
    const heading = view.page.getByRole('columnheader').nth(1).getByRole('button')
    expect(await heading.textContent()).toBe('Hallucination Score, rubric … (ESTIMATE)\u00a0↑')
    expect(await heading.getAttribute('title')).toContain(`${label} ↑`)
    const sizes = await view.page.locator('th').evaluateAll(all => all.map(th => th.getBoundingClientRect()))
    expect(Math.max(...sizes.map(({ height }) => height))).toBeLessThan(60)
    expect(Math.max(...sizes.map(({ width }) => width))).toBeLessThan(200)
    await view.close()
  })

  it('puts the copy on the clipboard, and tints the better values', async () => {
    const view = await openRenderer(browser, { renderer: 'table' })
    await view.show(PAYLOAD)
    await view.page.getByRole('button', { name: 'Copy as CSV' }).click()
    await eventually(() => view.page.evaluate(() => navigator.clipboard.readText())).toContain('a_1,27.456,2')
    expect(await view.page.locator('td[data-best]').allTextContents()).toEqual(['1.500', '29.50'])
    const backgrounds = await view.page
      .locator('td[style]')
      .evaluateAll(all => all.map(cell => [cell.textContent, getComputedStyle(cell).backgroundColor]))
    const tint = (text: string) => backgrounds.find(([shown]) => shown === text)![1]
    expect(tint('29.50')).not.toBe(tint('27.46'))
    await view.close()
  })
})
