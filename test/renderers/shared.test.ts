import { interpolateCividis, interpolateInferno, interpolateViridis } from 'd3-scale-chromatic'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { clampView, FIT, panBy, placeFrame, toFrame, zoomAt } from '../../src/renderers/compare/model/view.ts'
import { nearestSample } from '../../src/renderers/compare/pixels/difference.ts'
import { escapeXml } from '../../src/renderers/compare/pixels/figure.ts'
import { tickStep } from '../../src/renderers/compare/pixels/marks.ts'
import { connect } from '../../src/renderers/shared/host.ts'
import { createQueue } from '../../src/renderers/shared/pictures/queue.ts'
import { announceRows, onRows } from '../../src/renderers/shared/rows.ts'
import { fileName } from '../../src/renderers/shared/save.ts'
import { colourMap } from '../../src/renderers/shared/ui/colormaps.ts'
import { columnDecimals, formatValue, shorten } from '../../src/renderers/shared/ui/numbers.ts'

describe('colour maps', () => {
  it.each([
    ['viridis', interpolateViridis, 3],
    ['cividis', interpolateCividis, 1],
    ['inferno', interpolateInferno, 5],
  ] as const)('%s is the published one to a few levels of 255', (name, published, tolerance) => {
    const map = colourMap(name)
    for (let i = 0; i < 256; i++) {
      const text = published(i / 255)
      const expected = text.startsWith('#')
        ? [1, 3, 5].map(at => Number.parseInt(text.slice(at, at + 2), 16))
        : text.match(/\d+/g)!.map(Number)
      for (let c = 0; c < 3; c++)
        expect(Math.abs(map[i * 3 + c] - expected[c])).toBeLessThanOrEqual(tolerance)
    }
  })

  it('the diverging map is symmetric in lightness, and changes evenly', () => {
    const map = colourMap('blue-orange')
    const lightness = Array.from({ length: 256 }, (_, i) => oklabLightness(map.subarray(i * 3, i * 3 + 3)))
    for (let i = 0; i < 128; i++) expect(Math.abs(lightness[i] - lightness[255 - i])).toBeLessThan(0.01)
    for (let i = 1; i < 128; i++) {
      const step = lightness[i] - lightness[i - 1]
      expect(step).toBeGreaterThan(0)
      expect(step).toBeLessThan(0.0085)
    }
  })
})

/** Ottosson 2020, the other way round: OKLab lightness of an sRGB colour in 0..255. */
function oklabLightness(rgb: Uint8ClampedArray): number {
  const [r, g, b] = [...rgb].map(value =>
    value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4,
  )
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
  return 0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s
}

describe('selected rows', () => {
  it('are heard at once by an output that is drawn after they were announced, and by those that were there', () => {
    vi.stubGlobal('window', new EventTarget())
    try {
      const heard: unknown[] = []
      const listen = (name: string) => onRows(rows => heard.push([name, rows.map(({ id }) => id)]))
      const leave = listen('early')
      announceRows([{ id: 'a', method: null }])
      listen('late')
      leave()
      announceRows([])
      expect(heard).toEqual([
        ['early', ['a']],
        ['late', ['a']],
        ['late', []],
      ])
    } finally {
      vi.unstubAllGlobals()
    }
  })
})

describe('the far side', () => {
  it('is asked again for an image whose answer was lost, and is given up after three times', async () => {
    vi.useFakeTimers()
    try {
      const posted: unknown[] = []
      let hear: (message: unknown) => void = () => {}
      const host = connect(
        {
          postMessage: message => void posted.push(message),
          onDidReceiveMessage: listener => {
            hear = listener
            return { dispose() {} }
          },
        },
        1000,
      )!
      const found = host.ask({ type: 'load', hash: 'a' })
      await vi.advanceTimersByTimeAsync(2500)
      expect(posted).toEqual(Array(3).fill({ type: 'load', hash: 'a', request: 1 }))
      hear({ type: 'object', request: 1, mime: 'image/png', base64: '' })
      await expect(found).resolves.toMatchObject({ type: 'object' })
      const lost = expect(host.ask({ type: 'load', hash: 'b' })).rejects.toThrow('did not answer')
      await vi.advanceTimersByTimeAsync(3000)
      await lost
      expect(posted.length).toBe(6)
    } finally {
      vi.useRealTimers()
    }
  })
})

describe('the view', () => {
  const sizes = fc.record({
    width: fc.integer({ min: 1, max: 20_000 }),
    height: fc.integer({ min: 1, max: 20_000 }),
  })
  const panes = fc.record({
    width: fc.integer({ min: 40, max: 2000 }),
    height: fc.integer({ min: 40, max: 1000 }),
  })
  const share = fc.double({ min: 0, max: 1, noNaN: true })

  it('never leaves a gap beside a frame that is larger than the pane', () => {
    fc.assert(
      fc.property(
        sizes,
        panes,
        share,
        share,
        fc.double({ min: 0.01, max: 100, noNaN: true }),
        (frame, pane, x, y, zoom) => {
          const view = clampView({ zoom, x, y }, frame, pane)
          const place = placeFrame(view, frame, pane, 1)
          for (const [start, length, room] of [
            [place.x, place.width, pane.width],
            [place.y, place.height, pane.height],
          ]) {
            if (length >= room + 1) {
              expect(start).toBeLessThanOrEqual(1)
              expect(start + length).toBeGreaterThanOrEqual(room - 1)
            } else expect(Math.abs(start + length / 2 - room / 2)).toBeLessThanOrEqual(1.5)
          }
        },
      ),
    )
  })

  it('keeps the pixel under the pointer, unless an edge is in the way', () => {
    const frame = { width: 1000, height: 800 }
    const pane = { width: 500, height: 400 }
    const start = clampView({ zoom: 2, x: 0.5, y: 0.5 }, frame, pane)
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 0, max: 400 }), (x, y) => {
        const before = toFrame(start, frame, pane, { x, y })
        const after = toFrame(zoomAt(start, frame, pane, 3, { x, y }), frame, pane, { x, y })
        expect(after.x).toBeCloseTo(before.x, 6)
        expect(after.y).toBeCloseTo(before.y, 6)
      }),
    )
    expect(panBy(FIT, frame, pane, 50, 50)).toEqual(FIT)
  })

  it('finds the low-resolution pixel that covers a frame pixel', () => {
    for (let x = 0; x < 512; x++) expect(nearestSample(x, 512, 128)).toBe(Math.floor(x / 4))
    expect(nearestSample(509, 510, 127)).toBe(126)
  })
})

describe('texts', () => {
  it('shows numbers with their size in mind and says what is not one', () => {
    expect([27.123456, 0.8123, 5, -3.5, 1234.56, 1e-7, 3e9].map(value => formatValue(value))).toEqual([
      '27.12',
      '0.8123',
      '5',
      '−3.500',
      '1234.6',
      '1.00e−7',
      '3.00e+9',
    ])
    expect([Number.NaN, Infinity, -Infinity, null, undefined, true].map(value => formatValue(value))).toEqual(
      ['NaN', '∞', '−∞', '–', '–', 'yes'],
    )
    expect(columnDecimals([27.1, 5, null, Infinity])).toBe(2)
  })

  it('keeps names short, figures well-formed and file names plain', () => {
    expect(shorten('x'.repeat(5000), 21)).toHaveLength(21)
    expect(escapeXml('<a href="x">&\u0000\u001b\ud800</a>')).toBe(
      '&lt;a href=&quot;x&quot;&gt;&amp;&lt;/a&gt;',
    )
    expect(fileName('../../HS gegen PSNR (dB)', 'png')).toBe('HS-gegen-PSNR-dB.png')
    expect(fileName('日本', 'svg')).toBe('figure.svg')
    expect([0.3, 1, 3, 7, 13, 60].map(tickStep)).toEqual([1, 1, 5, 10, 20, 100])
  })
})

it('a queue runs a few at a time, the newest first, and never what was given up', async () => {
  const queue = createQueue(2)
  const order: string[] = []
  let running = 0
  let most = 0
  const task = (name: string) => async () => {
    order.push(name)
    most = Math.max(most, ++running)
    await new Promise(resolve => setTimeout(resolve, 1))
    running--
  }
  const gone = new AbortController()
  const stays = new AbortController().signal
  const all = ['a', 'b', 'c', 'd'].map(name => queue(task(name), name === 'b' ? gone.signal : stays))
  gone.abort(new Error('scrolled past'))
  await expect(all[1]).rejects.toThrow('scrolled past')
  await Promise.all(all.filter((_, i) => i !== 1))
  expect(order).toEqual(['d', 'c', 'a'])
  expect(most).toBe(2)
})
