// On software rendering, in one Chromium without a frame limit:
// 1. Panning and swiping a pair of 4096 x 4096 images in the comparison, as frame time over that of a bare canvas that
//    draws the same images to the same places. Fails above 1.3.
// 2. A gallery of 10,000 rows of 5,000 images, from the text of its output: time to its first painted tiles (fails above 300 ms) and frame time while scrolling.
// 3. A page with 200 comparisons: time until it is shown, and until it is painted again in another theme. Fails above 1 s.
import type { Browser, Page } from 'playwright-core'
import sharp from 'sharp'
import { galleryPayload } from '../src/kernel/steps/gallery.ts'
import type { Row } from '../src/kernel/value.ts'
import { launch, openRenderer } from '../test/renderers/browser.ts'
import { drawImage, objectsOf, type TestImage } from '../test/renderers/images.ts'
import { comparePayload, HS, markedTriplet, PSNR } from '../test/renderers/payloads.ts'

const SIDE = 4096
const FRAMES = 120
const ROUNDS = 5
const LIMIT_RATIO = 1.3
const LIMIT_GALLERY_MS = 300
const LIMIT_OUTPUTS_MS = 1000

const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]

let failed = false
const report = (name: string, value: number, unit: string, limit?: number) => {
  const over = limit !== undefined && value > limit
  failed ||= over
  console.log(
    `${name.padEnd(52)} ${value.toFixed(2).padStart(9)} ${unit}${limit === undefined ? '' : ` (limit ${limit})`}${over ? '  FAILED' : ''}`,
  )
}

/** A photograph-like field of soft blobs and fine grain, enlarged from a small drawing. */
async function largeImage(seed: number): Promise<TestImage> {
  const small = await drawImage(512, 512, (x, y) => {
    const wave = 127 + 100 * Math.sin((x + seed * 40) / 23) * Math.cos(y / (17 + seed))
    return [wave, 255 - wave, (x * y + seed) % 256]
  })
  const bytes = await sharp(small.bytes)
    .resize(SIDE, SIDE, { kernel: 'nearest' })
    .png({ compressionLevel: 3 })
    .toBuffer()
  return { bytes, ref: { ...small.ref, width: SIDE, height: SIDE } }
}

/** Mean time between frames, in ms, while `move(i)` is called once in each. */
function frameTime(page: Page, move: string): Promise<number> {
  return page.evaluate(
    ([move, frames]) =>
      new Promise<number>(done => {
        const step = (window as unknown as { moves: Record<string, (i: number) => void> }).moves[move]
        let i = 0
        let started = 0
        const next = (now: number) => {
          if (i === 10) started = now
          if (i === frames + 10) return done((now - started) / frames)
          step(i++)
          requestAnimationFrame(next)
        }
        requestAnimationFrame(next)
      }),
    [move, FRAMES] as const,
  )
}

async function compareWithBareCanvas(browser: Browser): Promise<void> {
  const images = await Promise.all([largeImage(1), largeImage(2)])
  const view = await openRenderer(browser, {
    renderer: 'compare',
    objects: objectsOf(images),
    width: 1200,
    height: 800,
  })
  const [a, b] = images.map(({ ref }, i) => ({
    role: 'sr' as const,
    label: `m${i}`,
    method: `m${i}`,
    image: ref,
    values: {},
  }))
  await view.show(comparePayload({ id: 'large', images: [a, b] }))
  await view.settle()
  await view.page.evaluate(() => {
    const press = (key: string) =>
      document
        .querySelector('.compare-stage')!
        .dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }))
    Object.assign(window, {
      press,
      moves: {
        pan: (i: number) => press(i % 40 < 20 ? 'ArrowRight' : 'ArrowLeft'),
        swipe: (i: number) => press(i % 18 < 9 ? '.' : ','),
      },
    })
  })
  const bare = await browser.newPage({ viewport: { width: 1200, height: 800 } })
  await bare.setContent('<body style="margin: 8px"></body>')
  await bare.evaluate(
    async ([first, second]) => {
      const decode = async (base64: string) =>
        createImageBitmap(new Blob([Uint8Array.from(atob(base64), c => c.charCodeAt(0))]), {
          colorSpaceConversion: 'none',
        })
      const bitmaps = await Promise.all([decode(first), decode(second)])
      const canvases: HTMLCanvasElement[] = []
      const lay = (sizes: { width: number; height: number }[]) => {
        document.body.replaceChildren()
        canvases.length = 0
        for (const { width, height } of sizes) {
          const canvas = document.createElement('canvas')
          Object.assign(canvas, { width, height })
          document.body.append(canvas)
          canvases.push(canvas)
        }
      }
      const draw = (canvas: HTMLCanvasElement, bitmap: ImageBitmap, scale: number, x: number, from = 0) => {
        const context = canvas.getContext('2d')!
        context.save()
        context.beginPath()
        context.rect(from, 0, canvas.width, canvas.height)
        context.clip()
        context.clearRect(from, 0, canvas.width, canvas.height)
        context.drawImage(
          bitmap,
          x,
          (canvas.height - bitmap.height * scale) / 2,
          bitmap.width * scale,
          bitmap.height * scale,
        )
        context.restore()
      }
      const scene = { scale: 1 }
      Object.assign(window, {
        lay,
        scene,
        moves: {
          pan: (i: number) => {
            const shift = (i % 40 < 20 ? i % 20 : 20 - (i % 20)) * 40
            for (const [k, canvas] of canvases.entries()) draw(canvas, bitmaps[k], scene.scale, -1000 - shift)
          },
          swipe: (i: number) => {
            const [canvas] = canvases
            const split = (i % 18 < 9 ? i % 9 : 9 - (i % 9)) * 0.05 + 0.5
            const x = (canvas.width - bitmaps[0].width * scene.scale) / 2
            draw(canvas, bitmaps[0], scene.scale, x)
            draw(canvas, bitmaps[1], scene.scale, x, split * canvas.width)
          },
        },
      })
    },
    images.map(({ bytes }) => bytes.toString('base64')),
  )

  for (const [name, mode, zoom, move] of [
    ['panning two panes at 100 %', 's', 'z', 'pan'],
    ['panning two panes at 42 %', 's', 'z-', 'pan'],
    ['swiping at 100 %', 'w', 'z', 'swipe'],
    ['swiping the whole images', 'w', 'f', 'swipe'],
  ] as const) {
    await view.page.bringToFront()
    await view.page.evaluate(
      keys => {
        const { press } = window as unknown as { press: (key: string) => void }
        for (const key of keys) press(key)
      },
      [mode, zoom[0], ...(zoom.length > 1 ? ['-', '-'] : [])],
    )
    await view.settle()
    const sizes = await view.page.locator('canvas.mirage-pane-canvas').evaluateAll(all =>
      all.map(canvas => ({
        width: (canvas as HTMLCanvasElement).width,
        height: (canvas as HTMLCanvasElement).height,
      })),
    )
    const percent = Number.parseFloat((await view.page.locator('.compare-zoom').textContent())!)
    await bare.evaluate(
      ([sizes, scale]) => {
        const page = window as unknown as { lay: (sizes: unknown) => void; scene: { scale: number } }
        page.lay(sizes)
        page.scene.scale = scale
      },
      [sizes, percent / 100] as const,
    )
    const ratios: number[] = []
    const times: number[] = []
    for (let round = -1; round < ROUNDS; round++) {
      await bare.bringToFront()
      const reference = await frameTime(bare, move)
      await view.page.bringToFront()
      const ours = await frameTime(view.page, move)
      // The first round warms up.
      if (round < 0) continue
      ratios.push(ours / reference)
      times.push(ours)
    }
    report(`${name}, frame time`, median(times), 'ms')
    report(`${name}, over a bare canvas`, median(ratios), 'times', LIMIT_RATIO)
  }
  await bare.close()
  await view.close()
}

async function galleryOfManyRows(browser: Browser): Promise<void> {
  const { triplet, images } = await markedTriplet()
  const [lr, gt, ...methods] = triplet.images
  const rows = Array.from({ length: 10_000 }, (_, i): Row => {
    const { method, image } = methods[i % 2]
    const values = { psnr: 20 + (i % 97) / 10, hs: 1 + (i % 41) / 10 }
    return { id: String(i >> 1), method: method!, images: { lr: lr.image, gt: gt.image, sr: image }, values }
  })
  const payload = galleryPayload({ kind: 'table', scale: 4, columns: [PSNR, HS], rows })
  const times: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const view = await openRenderer(browser, { renderer: 'gallery', objects: objectsOf(images) })
    const elapsed = await view.page.evaluate(async json => {
      const started = performance.now()
      window.mirage.show(json, 'output')
      const painted = () => document.querySelectorAll('canvas[data-state=ready]').length >= 5
      while (!painted()) await new Promise(requestAnimationFrame)
      await new Promise(requestAnimationFrame)
      return performance.now() - started
    }, JSON.stringify(payload))
    times.push(elapsed)
    if (round === ROUNDS - 1) {
      await view.page.evaluate(() => {
        const grid = document.querySelector('.gallery-grid')!
        Object.assign(window, { moves: { scroll: () => grid.scrollBy(0, 37) } })
      })
      report('gallery of 10,000 rows, frame time scrolling', await frameTime(view.page, 'scroll'), 'ms')
    }
    await view.close()
  }
  report('gallery of 10,000 rows, first tiles painted', median(times), 'ms', LIMIT_GALLERY_MS)
}

async function pageOfManyOutputs(browser: Browser): Promise<void> {
  const { triplet, images } = await markedTriplet()
  const view = await openRenderer(browser, { renderer: 'compare', objects: objectsOf(images) })
  const shown = await view.page.evaluate(
    async json => {
      const started = performance.now()
      for (let i = 0; i < 200; i++) window.mirage.show(json, `n${i}`)
      window.scrollTo(0, 0)
      while (!document.querySelector('#output-n0 canvas[data-state=ready]'))
        await new Promise(requestAnimationFrame)
      await new Promise(requestAnimationFrame)
      return performance.now() - started
    },
    JSON.stringify(comparePayload(triplet)),
  )
  report('200 comparisons in a page, shown', shown, 'ms', LIMIT_OUTPUTS_MS)
  const started = performance.now()
  await view.setTheme('dark')
  await view.settle()
  report(
    '200 comparisons in a page, painted in another theme',
    performance.now() - started,
    'ms',
    LIMIT_OUTPUTS_MS,
  )
  await view.close()
}

const browser = await launch('--disable-frame-rate-limit', '--disable-gpu-vsync')
try {
  await compareWithBareCanvas(browser)
  await galleryOfManyRows(browser)
  await pageOfManyOutputs(browser)
} finally {
  await browser.close()
}
process.exit(failed ? 1 : 0)
