import type { Browser } from 'playwright-core'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { ChartPayload } from '../../src/kernel/protocol/mime.ts'
import { launch, openRenderer, type PageOptions, type RendererPage } from './browser.ts'
import { eventually } from './eventually.ts'
import { drawImage, objectsOf, type TestImage } from './images.ts'
import { COLOURS, HS, type MarkedTriplet, markedTriplet, PSNR } from './payloads.ts'
import themes from './themes.json' with { type: 'json' }

vi.setConfig({ testTimeout: 120_000 })

let browser: Browser
let marked: MarkedTriplet
let thumb: TestImage
beforeAll(async () => {
  browser = await launch()
  marked = await markedTriplet()
  thumb = await drawImage(32, 24, () => [1, 2, 250])
})
afterAll(() => browser.close())

const POINTS = 24

function scatter(): ChartPayload {
  const rows = Array.from({ length: POINTS }, (_, i) => ({
    _row: i,
    id: `image-${i}`,
    method: i % 2 ? 'beta' : 'alpha',
    psnr: 20 + i / 2,
    hs: 1 + (i % 5),
  }))
  return {
    title: 'HS against PSNR',
    description: 'Spearman 0.12 over 24 points',
    columns: [PSNR, HS],
    spec: {
      data: { values: rows },
      mark: 'point',
      encoding: {
        x: { field: 'psnr', type: 'quantitative', scale: { zero: false }, title: 'PSNR (dB)' },
        y: { field: 'hs', type: 'quantitative' },
        color: { field: 'method', type: 'nominal' },
      },
    },
    links: rows.map(({ id, method }) => ({ id, method, thumb: thumb.ref.hash })),
    triplets: rows.map(({ id }) => ({ ...marked.triplet, id })),
  }
}

async function open(
  payload: ChartPayload = scatter(),
  options: Partial<PageOptions> = {},
): Promise<RendererPage> {
  const view = await openRenderer(browser, {
    renderer: 'chart',
    objects: objectsOf([...marked.images, thumb]),
    height: 1000,
    ...options,
  })
  await view.show(payload)
  await view.page.locator('.chart-plot svg, [role=alert]').first().waitFor()
  await view.settle()
  return view
}

const points = (view: RendererPage) => view.page.locator('.mirage-chart svg .mark-symbol.role-mark path')

describe('drawing', () => {
  it('draws every point where code from text and all network are forbidden', async () => {
    const view = await open()
    expect(await points(view).count()).toBe(POINTS)
    expect(view.problems).toEqual([])
    await view.close()
  })

  it("follows the theme's colours when they change, unless it is pinned to black on white", async () => {
    const view = await open()
    const title = () =>
      view.page
        .locator('.chart-plot svg .role-axis-title text')
        .first()
        .evaluate(text => getComputedStyle(text).fill)
    const colours = () =>
      points(view).evaluateAll(all => [...new Set(all.map(path => path.getAttribute('fill')))])
    expect(await title()).toBe('rgb(59, 59, 59)')
    await view.setTheme('dark')
    await eventually(title).toBe('rgb(204, 204, 204)')
    expect(await colours()).toContain(themes.dark['--vscode-charts-blue'])
    await view.page.getByRole('button', { name: 'Black on white' }).click()
    await eventually(title).toBe('rgb(0, 0, 0)')
    expect(await colours()).toEqual(['#0072b2', '#d55e00'])
    await view.close()
  })

  it('saves what it shows as SVG and as PNG of three times its size', async () => {
    const view = await open()
    await view.page.getByRole('button', { name: 'Save as SVG' }).click()
    await view.page.getByRole('button', { name: 'Save as PNG' }).click()
    await eventually(async () => (await view.requests()).length).toBe(2)
    const [svg, png] = await view.requests()
    expect(svg.suggestedName).toBe('HS-against-PSNR.svg')
    const size = await sharp(Buffer.from(String(svg.base64), 'base64')).metadata()
    const large = await sharp(Buffer.from(String(png.base64), 'base64')).metadata()
    expect([large.width, large.height]).toEqual([3 * size.width!, 3 * size.height!])
    expect(await view.page.getByRole('status').filter({ hasText: 'Saved' }).count()).toBe(1)
    await view.close()
  })

  it('fetches nothing that a specification names, and says so', async () => {
    const hostile: ChartPayload = {
      title: 'Remote',
      description: 'A chart that would fetch its data',
      spec: {
        data: { url: 'https://example.com/data.csv' },
        mark: 'point',
        encoding: { x: { field: 'a', type: 'quantitative' } },
      },
    }
    const view = await open(hostile)
    expect(await view.page.getByRole('alert').textContent()).toContain('cannot be drawn')
    await view.show(
      {
        title: 'Images',
        description: '',
        spec: {
          data: { values: [{ x: 1, u: 'https://example.com/x.png' }] },
          mark: { type: 'image', width: 10, height: 10 },
          encoding: { url: { field: 'u' }, x: { field: 'x', type: 'quantitative' }, href: { field: 'u' } },
        },
      },
      'second',
    )
    await view.page.locator('#output-second svg').first().waitFor()
    await view.settle()
    expect(view.problems.filter(problem => problem.includes('example.com'))).toEqual([])
    await view.close()
  })

  it('says in words what it cannot draw', async () => {
    const view = await open({
      title: 'Odd',
      description: 'What it was to show.',
      spec: { mark: 'nonsense', data: { values: [] } },
    })
    expect(await view.page.getByRole('alert').textContent()).toContain('What it was to show.')
    await view.close()
  })
})

describe('the images behind the points', () => {
  it('hovering a point shows its names, its numbers and its thumbnail', async () => {
    const view = await open()
    await points(view).nth(3).hover()
    const tip = view.page.locator('.chart-tip')
    expect(await tip.textContent()).toContain('image-3')
    expect(await tip.textContent()).toContain('PSNR (dB)21.50')
    await eventually(() => view.pixel('.chart-tip canvas', 64, 64)).toEqual([1, 2, 250, 255])
    await view.close()
  })

  it('taking points shows their triplets below and tells the other outputs', async () => {
    const view = await open()
    await view.page.evaluate(() => {
      window.addEventListener('mirage:rows', event =>
        Object.assign(window, { rows: (event as CustomEvent).detail }),
      )
    })
    await points(view).nth(5).click()
    await view.page.locator('canvas[data-role=gt]').first().waitFor()
    await view.settle()
    expect(await view.pixel('canvas[data-role=gt]', 100, 40)).toEqual([...COLOURS.gt, 255])
    expect(await view.page.evaluate(() => (window as unknown as { rows: unknown }).rows)).toEqual([
      { id: 'image-5', method: 'beta' },
    ])

    const [first, last] = await Promise.all([
      points(view).nth(0).boundingBox(),
      points(view).nth(4).boundingBox(),
    ])
    await view.page.mouse.move(first!.x - 12, first!.y + 20)
    await view.page.mouse.down()
    await view.page.mouse.move(last!.x + 14, last!.y - 12, { steps: 3 })
    await view.page.mouse.up()
    await eventually(() => view.page.locator('.chart-count').textContent()).toBe(
      '5 selected points of 5 images',
    )
    expect(await view.page.locator('.chart-selected').count()).toBe(5)
    await view.close()
  })

  it('tells the other outputs only what a person changes: not that it is drawn, nor drawn again', async () => {
    const view = await open()
    const told: unknown[] = []
    await view.page.exposeFunction('tell', (rows: unknown) => told.push(rows))
    await view.page.evaluate(() => {
      const { tell } = window as unknown as { tell: (rows: unknown) => void }
      window.addEventListener('mirage:rows', event => tell((event as CustomEvent).detail))
    })
    await points(view).nth(5).click()
    await view.page.locator('.chart-count').waitFor()
    const taken = [{ id: 'image-5', method: 'beta' }]
    await eventually(() => told).toEqual([taken])

    await view.show({ ...scatter(), links: undefined }, 'other')
    const other = view.page.locator('#output-other')
    await other.locator('.chart-plot svg').waitFor()
    for (let i = 0; i < 2; i++) {
      await other.getByRole('button', { name: 'Black on white' }).click()
      await view.settle()
    }
    expect(told).toEqual([taken])
    expect(await view.page.evaluate(() => window.mirageRows)).toEqual(taken)

    await view.page.locator('#output-output .chart-layer').press('Escape')
    await eventually(() => told).toEqual([taken, []])
    await view.close()
  })

  it('walks from point to point by keyboard and takes them', async () => {
    const view = await open()
    await view.page.focus('.chart-layer')
    for (const key of ['ArrowRight', 'ArrowRight', 'ArrowRight', 'Enter']) await view.page.keyboard.press(key)
    await eventually(() => view.page.locator('.chart-count').textContent()).toBe(
      '1 selected point of 1 image',
    )
    expect(await view.page.locator('.chart-layer [role=status]').textContent()).toContain('image-2')
    await view.page.keyboard.press('ArrowRight')
    await view.page.keyboard.press(' ')
    await eventually(() => view.page.locator('.chart-count').textContent()).toBe(
      '2 selected points of 2 images',
    )
    await view.page.keyboard.press('Escape')
    await eventually(() => view.page.locator('.chart-count').count()).toBe(0)
    await view.close()
  })
})

it('a cell of a correlation matrix opens the scatter behind it, and back', async () => {
  const matrix: ChartPayload = {
    title: 'Correlations',
    description: 'Spearman between measures',
    spec: {
      data: {
        values: ['psnr', 'ssim'].flatMap(x =>
          ['hs', 'sd'].map(y => ({ x, y, srcc: 0.3, _chart: `${x} ${y}` })),
        ),
      },
      mark: 'rect',
      encoding: {
        x: { field: 'x', type: 'nominal' },
        y: { field: 'y', type: 'nominal' },
        color: { field: 'srcc', type: 'quantitative', scale: { domain: [-1, 1] } },
      },
    },
    details: { 'psnr hs': scatter() },
  }
  const view = await open(matrix)
  const announced = () => view.page.evaluate(() => window.mirageRows)
  await view.page.locator('.mark-rect.role-mark path').first().click()
  await eventually(() => points(view).count()).toBe(POINTS)
  expect(await announced()).toBe(undefined)
  await points(view).nth(2).click()
  await view.page.locator('canvas[data-role=gt]').first().waitFor()
  expect(await announced()).toEqual([{ id: 'image-2', method: 'alpha' }])
  await view.page.getByRole('button', { name: 'Back' }).click()
  await eventually(() => view.page.locator('.mark-rect.role-mark path').count()).toBe(4)
  expect(await announced()).toEqual([])
  expect(await view.page.locator('.chart-title').textContent()).toBe('Correlations')
  await view.close()
})
