import type { Browser } from 'playwright-core'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { encodeMap } from '../../src/kernel/images/encode.ts'
import type { ComparePayload } from '../../src/kernel/protocol/mime.ts'
import { openingState, showMethods } from '../../src/renderers/compare/model/state.ts'
import { differenceAt, mapIndex } from '../../src/renderers/compare/pixels/difference.ts'
import { colourMap } from '../../src/renderers/shared/ui/colormaps.ts'
import { launch, openRenderer, type PageOptions, type RendererPage } from './browser.ts'
import { eventually } from './eventually.ts'
import { drawImage, objectsOf } from './images.ts'
import { COLOURS, comparePayload, MARK, MARK_COLOUR, type MarkedTriplet, markedTriplet } from './payloads.ts'

vi.setConfig({ testTimeout: 120_000 })

let browser: Browser
let marked: MarkedTriplet
beforeAll(async () => {
  browser = await launch()
  marked = await markedTriplet()
})
afterAll(() => browser.close())

const PANE = (id: string) => `canvas[data-pane="${id}"]`

async function open(payload?: ComparePayload, options: Partial<PageOptions> = {}): Promise<RendererPage> {
  const shown = payload ?? comparePayload(marked.triplet)
  const view = await openRenderer(browser, {
    renderer: 'compare',
    objects: objectsOf(marked.images),
    ...options,
  })
  await view.show(shown)
  await view.page.locator('canvas.mirage-pane-canvas').first().waitFor()
  await view.settle()
  return view
}

/** Presses keys on the images, one after another. */
async function press(view: RendererPage, ...keys: string[]): Promise<void> {
  await view.page.focus('.compare-stage')
  for (const key of keys) await view.page.keyboard.press(key)
  await view.settle()
}

describe('side by side', () => {
  it('shows up to four images with their roles and keeps the same point under the same place in all of them', async () => {
    const view = await open()
    const panes = await view.page
      .locator('canvas.mirage-pane-canvas')
      .evaluateAll(all =>
        all.map(canvas => [(canvas as HTMLElement).dataset.role, (canvas as HTMLElement).dataset.method]),
      )
    expect(panes).toEqual([
      ['lr', undefined],
      ['gt', undefined],
      ['sr', 'alpha'],
      ['sr', 'beta'],
    ])

    const positions = async () =>
      Promise.all(['lr', 'gt', 'sr:alpha', 'sr:beta'].map(id => view.find(PANE(id), MARK_COLOUR)))
    const same = (areas: Awaited<ReturnType<typeof positions>>) => {
      for (const area of areas) expect(area).toEqual(areas[0])
      return areas[0]!
    }
    await press(view, 'z')
    expect(same(await positions())).toMatchObject({ width: MARK.width, height: MARK.height })

    const box = (await view.page.locator(PANE('gt')).boundingBox())!
    await view.page.mouse.move(box.x + 60, box.y + 50)
    await view.page.mouse.wheel(0, -500)
    await view.settle()
    const zoomed = same(await positions())
    expect(zoomed.width).toBeGreaterThan(2 * MARK.width)

    await view.page.mouse.down()
    await view.page.mouse.move(box.x + 40, box.y + 35)
    await view.page.mouse.up()
    await view.settle()
    const panned = same(await positions())
    expect([panned.x - zoomed.x, panned.y - zoomed.y]).toEqual([-20, -15])

    await press(view, 'ArrowRight', '+', 'ArrowUp')
    expect(same(await positions())).not.toEqual(panned)
    expect(view.problems).toEqual([])
    await view.close()
  })

  it('keeps what is under the pointer there while the wheel zooms', async () => {
    const view = await open()
    await press(view, '1', '2', '4', 'z')
    const canvas = PANE('sr:alpha')
    const box = (await view.page.locator(canvas).boundingBox())!
    const before = (await view.find(canvas, MARK_COLOUR))!
    await view.page.mouse.move(box.x + before.x, box.y + before.y)
    await view.page.mouse.wheel(0, -1000)
    await view.settle()
    const after = (await view.find(canvas, MARK_COLOUR))!
    expect(after.width).toBeGreaterThan(3 * before.width)
    expect(Math.hypot(after.x - before.x, after.y - before.y)).toBeLessThan(2)
    await view.close()
  })

  it('zooms all images by a pinch of two fingers, about the place between them, and not the page', async () => {
    const view = await open()
    await press(view, 'z')
    const canvas = PANE('gt')
    const before = (await view.find(canvas, MARK_COLOUR))!
    const box = (await view.page.locator(canvas).boundingBox())!
    const [x, y] = [box.x + before.x + before.width / 2, box.y + before.y + before.height / 2]
    const device = await view.page.context().newCDPSession(view.page)
    const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', apart?: number) =>
      device.send('Input.dispatchTouchEvent', {
        type,
        touchPoints:
          apart === undefined
            ? []
            : [
                { id: 1, x: x - apart, y },
                { id: 2, x: x + apart, y },
              ],
      })
    await touch('touchStart', 15)
    for (const apart of [20, 25, 30, 35, 40, 45]) await touch('touchMove', apart)
    await touch('touchEnd')
    await view.settle()
    const areas = await Promise.all(
      ['lr', 'gt', 'sr:alpha', 'sr:beta'].map(id => view.find(PANE(id), MARK_COLOUR)),
    )
    for (const area of areas) expect(area).toEqual(areas[0])
    const [after] = areas
    expect(after!.width / before.width).toBeCloseTo(3, 0)
    const middle = (area: typeof before) => [area.x + area.width / 2, area.y + area.height / 2]
    const [moved, stood] = [middle(after!), middle(before)]
    expect(Math.hypot(moved[0] - stood[0], moved[1] - stood[1])).toBeLessThan(2)
    expect(await view.page.evaluate(() => visualViewport?.scale)).toBe(1)

    // What a touchpad's pinch is to a page: the wheel with the control key.
    await view.page.mouse.move(x, y)
    await view.page.keyboard.down('Control')
    await view.page.mouse.wheel(0, Math.round(-100 * Math.LN2))
    await view.page.keyboard.up('Control')
    await view.settle()
    const pinched = (await view.find(canvas, MARK_COLOUR))!
    expect(pinched.width / after!.width).toBeCloseTo(2, 0)
    await view.close()
  })

  it('leaves the wheel to the page until the images have the focus', async () => {
    const view = await open()
    const label = () => view.page.locator('.compare-zoom').textContent()
    const fitted = await label()
    await view.page.hover(PANE('gt'))
    await view.page.mouse.wheel(0, -500)
    await view.settle()
    expect(await label()).toBe(fitted)
    await view.page.keyboard.down('Control')
    await view.page.mouse.wheel(0, -100)
    await view.page.keyboard.up('Control')
    await view.settle()
    expect(await label()).not.toBe(fitted)
    await view.close()
  })

  it('shows exact pixels, or smooth ones when asked', async () => {
    const view = await open()
    await press(view, '1', '2', '4', 'z', '+', '+', '+', '+')
    const width = async () => (await view.find(PANE('sr:alpha'), MARK_COLOUR))!.width
    const exact = await width()
    await press(view, 'n')
    expect(await width()).toBeLessThan(exact)
    await view.close()
  })
})

describe('large images', () => {
  it('are drawn from tiles without a seam, scaled down, scaled up and smoothed', async () => {
    const wide = await drawImage(6000, 40, x => [Math.floor((x * 255) / 5999), 128, 0])
    const payload = comparePayload({
      id: 'wide',
      images: [{ role: 'gt', label: 'GT', image: wide.ref, values: {} }],
    })
    const view = await open(payload, { objects: objectsOf([wide]) })
    const reds = () =>
      view.page.locator(PANE('gt')).evaluate(element => {
        const canvas = element as HTMLCanvasElement
        const { data } = canvas.getContext('2d')!.getImageData(0, canvas.height / 2, canvas.width, 1)
        return Array.from({ length: canvas.width }, (_, x) => [data[x * 4], data[x * 4 + 1], data[x * 4 + 2]])
      })
    const check = async (step: number) => {
      const row = await reds()
      for (const [x, [red, green, blue]] of row.entries()) {
        expect([green, blue]).toEqual([128, 0])
        if (x > 0) expect(red - row[x - 1][0]).toBeGreaterThanOrEqual(0)
        if (x > 0) expect(red - row[x - 1][0]).toBeLessThanOrEqual(step)
      }
      return row
    }
    const whole = await check(1)
    expect(whole[0][0]).toBeLessThanOrEqual(1)
    expect(whole.at(-1)![0]).toBeGreaterThanOrEqual(254)
    // A seam lies at column 2048; the middle of the image is column 3000.
    await press(view, 'z', ...Array.from({ length: 5 }, () => 'Shift+ArrowLeft'))
    const near = await check(1)
    expect(near[0][0]).toBeLessThan(86)
    expect(near.at(-1)![0]).toBeGreaterThan(88)
    await press(view, '+', '+', '+', 'n')
    await check(1)
    expect(view.problems).toEqual([])
    await view.close()
  })
})

describe('two images in one place', () => {
  it('swipes: left of the divider is A, right of it B, at any column', async () => {
    const view = await open()
    await press(view, 'w')
    const canvas = PANE('swipe')
    const box = (await view.page.locator(canvas).boundingBox())!
    await view.page.mouse.move(box.x + box.width / 2, box.y + 30)
    await view.page.mouse.down()
    await view.page.mouse.move(box.x + 500, box.y + 30)
    await view.page.mouse.up()
    await view.settle()
    expect(await view.pixel(canvas, 480, 60)).toEqual([...COLOURS.a, 255])
    expect(await view.pixel(canvas, 520, 60)).toEqual([...COLOURS.gt, 255])
    await press(view, '.', '.', '.', '.')
    expect(await view.pixel(canvas, 520, 60)).toEqual([...COLOURS.a, 255])
    await press(view, '4')
    expect(await view.pixel(canvas, 480, 60)).toEqual([...COLOURS.b, 255])
    await view.close()
  })

  it('shows an onion skin: B over A with the opacity that is set', async () => {
    const view = await open()
    await press(view, 'o')
    await view.page.getByRole('slider', { name: 'Opacity of B' }).fill('0.25')
    await view.settle()
    const mixed = await view.pixel(PANE('onion'), 300, 60)
    const expected = COLOURS.a.map((value, i) => value * 0.75 + COLOURS.gt[i] * 0.25)
    for (const [i, value] of expected.entries()) expect(Math.abs(mixed[i] - value)).toBeLessThanOrEqual(2)
    await view.close()
  })

  it('blinks: space shows the other image, a digit picks one', async () => {
    const view = await open()
    const colour = () => view.pixel(PANE('blink'), 300, 60)
    await press(view, 'b')
    expect(await colour()).toEqual([...COLOURS.a, 255])
    await press(view, ' ')
    expect(await colour()).toEqual([...COLOURS.gt, 255])
    await press(view, '4')
    expect(await colour()).toEqual([...COLOURS.b, 255])
    await press(view, ' ')
    expect(await colour()).toEqual([...COLOURS.gt, 255])
    await view.close()
  })
})

describe('difference', () => {
  it('colours a planted difference as the legend says, absolute, signed, by channel and with gain', async () => {
    const grey = await drawImage(128, 128, () => [100, 100, 100])
    const planted = await drawImage(128, 128, (x, y) =>
      x >= 32 && x < 64 && y >= 32 && y < 64 ? [140, 90, 100] : [100, 100, 100],
    )
    const payload = comparePayload({
      id: 'planted',
      images: [
        { role: 'gt', label: 'GT', image: grey.ref, values: {} },
        { role: 'sr', label: 'SR', method: 'sr', image: planted.ref, values: {} },
      ],
    })
    const view = await open(payload, { objects: objectsOf([grey, planted]) })
    await press(view, 'd', 'z')
    const canvas = PANE('difference')
    const { width, height } = (await view.page.locator(canvas).boundingBox())!
    // At 100 % the image is centred: its pixel (48, 48) lies 16 px from the middle.
    const inside = () => view.pixel(canvas, width / 2 - 16, height / 2 - 16)
    const outside = () => view.pixel(canvas, width / 2 + 16, height / 2 + 16)
    const set = async (label: string, value: string) => {
      await view.page.getByLabel(label, { exact: true }).selectOption(value)
      await view.settle()
    }
    const viridis = colourMap('viridis')
    const diverging = colourMap('blue-orange')
    const at = (map: Uint8ClampedArray, index: number) => [...map.subarray(index * 3, index * 3 + 3), 255]

    // 0.299 * 40 - 0.587 * 10 = 6.09 levels of luma.
    expect(await inside()).toEqual(at(viridis, 6))
    expect(await outside()).toEqual(at(viridis, 0))
    await set('Of', 'red')
    await set('Gain', '4')
    expect(await inside()).toEqual(at(viridis, 160))
    expect(await view.page.locator('.compare-legend').getAttribute('aria-label')).toContain('from 0 to 63.75')
    await set('Of', 'green')
    expect(await inside()).toEqual(at(viridis, 40))
    await view.page.getByRole('button', { name: 'Signed' }).click()
    await view.settle()
    expect(await inside()).toEqual(at(diverging, 128 - 20))
    expect(await outside()).toEqual(at(diverging, 128))
    await view.close()
  })

  it('takes luma by BT.601 and the channel that differs most, with its sign', () => {
    const a = new Uint8Array([10, 200, 30, 255])
    const b = new Uint8Array([20, 100, 90, 255])
    expect(differenceAt(a, 0, b, 0, 'luma')).toBeCloseTo(0.299 * -10 + 0.587 * 100 + 0.114 * -60, 10)
    expect(differenceAt(a, 0, b, 0, 'rgb')).toBe(100)
    expect(mapIndex(1000, { channel: 'luma', signed: false, gain: 1 })).toBe(255)
    expect(mapIndex(-1000, { channel: 'luma', signed: true, gain: 1 })).toBe(0)
  })
})

describe('what was found in an image', () => {
  it('lays a hallucination map over the image, as opaque as its value', async () => {
    const sr = await drawImage(64, 64, () => [0, 0, 0])
    const map = await drawImage(64, 64, x => (x < 32 ? [0, 0, 0] : [255, 255, 255]))
    const overlays = [
      {
        name: 'unexplained',
        label: 'Unexplained detail',
        image: map.ref,
        range: [0, 12] as [number, number],
        settings: {},
      },
    ]
    const payload = comparePayload({
      id: 'm',
      images: [{ role: 'sr', label: 'SR', image: sr.ref, values: {}, overlays }],
    })
    const view = await open(payload, { objects: objectsOf([sr, map]) })
    await press(view, 'z')
    await view.page.getByLabel('Overlay').selectOption('unexplained')
    await view.page.getByRole('slider').fill('1')
    await view.page.waitForFunction(() => {
      const canvas = document.querySelector<HTMLCanvasElement>('canvas[data-role=sr]')!
      return canvas.getContext('2d')!.getImageData(canvas.width / 2 + 16, canvas.height / 2, 1, 1).data[0] > 0
    })
    const { width, height } = (await view.page.locator('canvas[data-role=sr]').boundingBox())!
    expect(await view.pixel('canvas[data-role=sr]', width / 2 + 16, height / 2)).toEqual([
      ...colourMap('inferno').subarray(255 * 3),
      255,
    ])
    expect(await view.pixel('canvas[data-role=sr]', width / 2 - 16, height / 2)).toEqual([0, 0, 0, 255])
    expect(await view.page.locator('.compare-legend').getAttribute('aria-label')).toContain('from 0 to 12')
    await view.close()
  })

  it('leaves an image as it is where a map has no value, also where what is low is coloured', async () => {
    const sr = await drawImage(64, 64, () => [0, 0, 0])
    const values = Float64Array.from({ length: 64 * 64 }, (_, i) => (i % 64 < 32 ? Number.NaN : 0))
    const bytes = Buffer.from(await encodeMap({ width: 64, height: 64, data: values }, [0, 1]))
    const image = { ...sr.ref, hash: 'f'.repeat(64) }
    const overlays = [
      {
        name: 'improvement',
        label: 'Improvement',
        image,
        range: [0, 1] as [number, number],
        direction: 'higher' as const,
        settings: {},
      },
    ]
    const payload = comparePayload({
      id: 'm',
      images: [{ role: 'sr', label: 'SR', image: sr.ref, values: {}, overlays }],
    })
    const view = await open(payload, { objects: { ...objectsOf([sr]), [image.hash]: bytes } })
    await press(view, 'z')
    await view.page.getByLabel('Overlay').selectOption('improvement')
    await view.page.getByRole('slider').fill('1')
    const { width, height } = (await view.page.locator('canvas[data-role=sr]').boundingBox())!
    const at = (x: number) => view.pixel('canvas[data-role=sr]', width / 2 + x, height / 2)
    await eventually(() => at(16)).toEqual([...colourMap('inferno').subarray(255 * 3), 255])
    expect(await at(-16)).toEqual([0, 0, 0, 255])
    await view.close()
  })

  it("writes a judge's text as text, and looks at its box when pressed", async () => {
    const hostile =
      '<img src=x onerror="document.title=1"><script>document.title=2</script> sign became glyphs'
    const triplet = structuredClone(marked.triplet)
    triplet.images[2].findings = [{ what: hostile, kind: 'P2', severity: 4, box: [0.25, 0.25, 0.5, 0.5] }]
    const view = await open(comparePayload(triplet))
    const finding = view.page.getByRole('button', { name: 'sign became glyphs' })
    expect(await finding.textContent()).toContain(hostile)
    expect(await view.page.locator('.compare img, .compare script').count()).toBe(0)
    expect(await view.page.title()).toBe('Outputs')
    const before = await view.page.locator('.compare-zoom').textContent()
    await finding.focus()
    await view.page.keyboard.press('Enter')
    await view.settle()
    expect(await view.page.locator('.compare-zoom').textContent()).not.toBe(before)
    await view.close()
  })

  it('draws what is bad of a map of which more is better', async () => {
    const sr = await drawImage(64, 64, () => [10, 20, 30])
    const map = await drawImage(64, 64, x => (x < 32 ? [0, 0, 0] : [255, 255, 255]))
    const range: [number, number] = [0, 1]
    const overlays = [
      { name: 'ssim', label: 'SSIM', image: map.ref, range, direction: 'higher' as const, settings: {} },
    ]
    const image = { role: 'sr' as const, label: 'SR', image: sr.ref, values: {}, overlays }
    const view = await open(comparePayload({ id: 'm', images: [image] }), { objects: objectsOf([sr, map]) })
    await press(view, 'z')
    await view.page.getByLabel('Overlay').selectOption('ssim')
    await view.page.getByRole('slider').fill('1')
    const { width, height } = (await view.page.locator('canvas[data-role=sr]').boundingBox())!
    const at = (x: number) => view.pixel('canvas[data-role=sr]', width / 2 + x, height / 2)
    await eventually(() => at(-16)).toEqual([...colourMap('inferno').subarray(255 * 3), 255])
    expect(await at(16)).toEqual([10, 20, 30, 255])
    await view.close()
  })

  it("shows a box's words on the image while the pointer is in it", async () => {
    const triplet = structuredClone(marked.triplet)
    triplet.images[2].findings = [
      { what: 'the whole', box: [0, 0, 1, 1] },
      { what: 'glyphs', box: [0.25, 0.25, 0.5, 0.5] },
    ]
    const view = await open(comparePayload(triplet))
    await press(view, '1', '2', '4', 'z')
    const canvas = PANE('sr:alpha')
    const box = (await view.page.locator(canvas).boundingBox())!
    const middle = { x: box.x + box.width / 2, y: box.y + box.height / 2 }
    // Under the smaller box, whose bottom edge is the middle of the image: where its words are to stand.
    const words = () => view.pixel(canvas, box.width / 2 - 62, box.height / 2 + 4)
    const plain = await words()
    const attended = () => view.page.locator('.compare-findings [data-attended]').allTextContents()
    await view.page.mouse.move(middle.x - 20, middle.y - 20)
    await eventually(attended).toEqual(['glyphs '])
    await view.settle()
    expect(await words()).not.toEqual(plain)
    await view.page.mouse.move(middle.x + 60, middle.y + 60)
    await eventually(attended).toEqual(['the whole '])
    await view.page.mouse.move(box.x - 4, box.y - 4)
    await eventually(attended).toEqual([])
    await view.settle()
    expect(await words()).toEqual(plain)
    await view.close()
  })

  it('reads the exact values of all images under the pointer, and in the loupe by keyboard', async () => {
    const view = await open()
    await press(view, '1', '2', '4', 'z')
    const box = (await view.page.locator(PANE('sr:alpha')).boundingBox())!
    await view.page.mouse.move(box.x + box.width / 2 - 50, box.y + box.height / 2 - 50)
    const readout = view.page.locator('.compare-readout')
    await eventually(() => readout.textContent()).toContain(`alpha ${COLOURS.a.join(' ')}`)
    expect(await readout.textContent()).toContain('x 78 y 46')
    expect(await readout.textContent()).toContain(`LR ${COLOURS.lr.join(' ')}`)
    await press(view, 'l', 'Shift+ArrowRight', 'Shift+ArrowDown', 'ArrowDown', 'ArrowDown')
    expect(await view.page.getByRole('region', { name: 'Loupe at x 88, y 58' }).count()).toBe(1)
    const patch = view.page.locator('[data-loupe="sr:alpha"] canvas')
    expect(await patch.getAttribute('width')).toBe('105')
    // The mark's corner pixel is 8 right and 6 below: just outside of the 15 pixels' right edge, so nothing of it shows.
    expect(await view.find('[data-loupe="sr:alpha"] canvas', MARK_COLOUR)).toBeNull()
    await press(view, 'ArrowRight')
    expect(await view.find('[data-loupe="sr:alpha"] canvas', MARK_COLOUR)).toEqual({
      x: 98,
      y: 91,
      width: 7,
      height: 14,
    })
    await view.close()
  })

  it('draws rulers whose ticks count image pixels', async () => {
    const view = await open()
    await press(view, '1', '2', '4', 'z')
    const canvas = PANE('sr:alpha')
    const { width, height } = (await view.page.locator(canvas).boundingBox())!
    const left = Math.round(width / 2 - 128)
    const [plain] = await view.pixel(canvas, left + 100, 8)
    await press(view, 'r')
    // Rulers lie on the edge of the pane; the image's column 100 has a tick there, 110 has none.
    const tick = await view.pixel(canvas, left + 100, 12)
    const none = await view.pixel(canvas, left + 170, 12)
    expect(tick).not.toEqual(none)
    expect(plain).not.toBe(tick[0])
    expect(await view.pixel(canvas, left + 20, height - 20)).not.toEqual(tick)
    await view.close()
  })
})

describe('a figure of a crop', () => {
  it('saves the same region of the images, enlarged and labelled, as PNG and as SVG', async () => {
    const triplet = structuredClone(marked.triplet)
    triplet.images[3].label = 'beta <&> "best"'
    const view = await open(comparePayload(triplet))
    await press(view, '1', 'c')
    for (const [label, value] of [
      ['x', MARK.x - 4],
      ['y', MARK.y - 4],
      ['width', 16],
      ['height', 16],
    ] as const) {
      await view.page.getByLabel(label, { exact: true }).fill(String(value))
      await view.page.keyboard.press('Enter')
    }
    await view.page.getByLabel('Enlarged').selectOption('4')
    await view.page.getByRole('button', { name: 'Save the figure as PNG' }).click()
    await view.page.getByRole('button', { name: 'Save the figure as SVG' }).click()
    await eventually(async () => (await view.requests()).length).toBe(2)
    const [png, svg] = await view.requests()
    expect([png.type, png.suggestedName, png.mime]).toEqual(['save', '0001-92-60.png', 'image/png'])

    const { data, info } = await sharp(Buffer.from(String(png.base64), 'base64'))
      .raw()
      .toBuffer({ resolveWithObject: true })
    const pixel = (x: number, y: number) => [
      ...data.subarray((y * info.width + x) * info.channels, (y * info.width + x) * info.channels + 3),
    ]
    expect(info.width).toBe(3 * 64 + 2 * 6)
    for (const [i, colour] of [COLOURS.gt, COLOURS.a, COLOURS.b].entries()) {
      expect(pixel(i * 70 + 2, 2)).toEqual([...colour])
      expect(pixel(i * 70 + 15, 15)).toEqual([...colour])
      expect(pixel(i * 70 + 16, 16)).toEqual([...MARK_COLOUR])
      expect(pixel(i * 70 + 47, 47)).toEqual([...MARK_COLOUR])
      expect(pixel(i * 70 + 48, 48)).toEqual([...colour])
    }
    expect(pixel(66, 20)).toEqual([255, 255, 255])

    const text = Buffer.from(String(svg.base64), 'base64').toString()
    expect(text).toContain('>beta &lt;&amp;&gt; &quot;best&quot;</text>')
    expect(text).toContain('psnr 27.13  hs 2.500')
    expect(text.match(/<image /g)).toHaveLength(3)
    const drawn = await sharp(Buffer.from(text)).metadata()
    expect([drawn.width, drawn.height]).toEqual([info.width, info.height])
    await view.close()
  })

  it('is chosen by dragging, in whole pixels', async () => {
    const view = await open()
    await press(view, '1', '2', '4', 'z', 'c')
    const box = (await view.page.locator(PANE('sr:alpha')).boundingBox())!
    const middle = { x: box.x + box.width / 2, y: box.y + box.height / 2 }
    await view.page.mouse.move(middle.x - 40, middle.y - 20)
    await view.page.mouse.down()
    await view.page.mouse.move(middle.x + 10, middle.y + 30)
    await view.page.mouse.up()
    const values = await view.page
      .locator('.compare-pixels')
      .evaluateAll(all => all.map(input => (input as HTMLInputElement).value))
    expect(values).toEqual(['88', '76', '50', '50'])
    await view.close()
  })
})

describe('one triplet after another', () => {
  it('goes on by button and key, and keeps mode and zoom', async () => {
    const second = { ...structuredClone(marked.triplet), id: '0002' }
    const view = await open(comparePayload(marked.triplet, second))
    await press(view, 'w', 'z', 'PageDown')
    expect(await view.page.getByLabel('Triplet', { exact: true }).inputValue()).toBe('1')
    expect(await view.page.locator('.compare-zoom').textContent()).toBe('100 %')
    expect(await view.page.locator(PANE('swipe')).count()).toBe(1)
    expect(await view.page.getByRole('button', { name: 'Next triplet' }).isDisabled()).toBe(true)
    await view.close()
  })

  it('returns to what was looked at when the output is opened again', async () => {
    const second = { ...structuredClone(marked.triplet), id: '0002' }
    const payload = comparePayload(marked.triplet, second)
    const view = await open(payload)
    await press(view, 'PageDown', 'w', 'z', '.', '.')
    await view.dispose()
    const state = await view.state()
    await view.close()

    const again = await open(payload, { state })
    expect(await again.page.getByLabel('Triplet', { exact: true }).inputValue()).toBe('1')
    expect(await again.page.locator('.compare-zoom').textContent()).toBe('100 %')
    expect(await again.page.getByRole('slider', { name: 'Divider' }).inputValue()).toBe('0.6')
    await again.close()
  })
})

describe('images that come another way', () => {
  it.each(['embedded', 'files'] as const)('reads %s objects where no host answers', async source => {
    const view = await open(undefined, { source })
    await press(view, '1', '2', '4')
    expect(await view.pixel(PANE('sr:alpha'), 440, 30)).toEqual([...COLOURS.a, 255])
    expect(view.problems).toEqual([])
    await view.close()
  })
})

it('brings methods that are asked about into view, beside GT and LR', () => {
  const images = ['lr', 'gt', 'a', 'b', 'c', 'd'].map(name => ({
    role: name === 'lr' || name === 'gt' ? (name as 'lr' | 'gt') : ('sr' as const),
    label: name,
    ...(name.length === 1 && { method: name }),
    key: name.length === 1 ? `sr:${name}` : name,
    image: { hash: name, width: 1, height: 1, mime: 'image/png' },
    values: {},
  }))
  const opening = openingState(images)
  expect(opening.shown).toEqual(['lr', 'gt', 'sr:a', 'sr:b'])
  expect(showMethods(opening, images, ['d'])).toMatchObject({
    shown: ['lr', 'gt', 'sr:a', 'sr:d'],
    pair: ['sr:d', 'gt'],
  })
  expect(showMethods(opening, images, ['b', 'c', 'd'])).toMatchObject({
    shown: ['gt', 'sr:b', 'sr:c', 'sr:d'],
  })
  expect(showMethods(opening, images, ['gone'])).toEqual({})
})
