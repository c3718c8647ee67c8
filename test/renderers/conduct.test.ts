import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { gzipSync } from 'node:zlib'
import type { Browser, CDPSession } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import {
  buildRenderers,
  launch,
  openRenderer,
  type RendererName,
  type RendererPage,
  THEMES,
} from './browser.ts'
import { eventually } from './eventually.ts'
import { COLOURS } from './payloads.ts'
import { type Specimen, specimens } from './specimens.ts'

vi.setConfig({ testTimeout: 180_000 })

/** What holds for every renderer: weight, access, cleanliness, and calm in the face of bad input. */

let browser: Browser
let all: Record<RendererName, Specimen>
const NAMES: RendererName[] = ['compare', 'gallery', 'chart', 'table', 'training', 'rate']

beforeAll(async () => {
  browser = await launch()
  all = await specimens()
})
afterAll(() => browser.close())

const open = async (name: RendererName, options: Partial<Parameters<typeof openRenderer>[1]> = {}) => {
  const { payload, objects, ready } = all[name]
  const view = await openRenderer(browser, { renderer: name, objects, height: 1200, ...options })
  await view.show(payload)
  await view.page.locator(ready).first().waitFor()
  await view.settle()
  return view
}

it('the bundles stay small: 60 kB each but for the chart, under 1 MB together, gzipped', async () => {
  const sizes = [...(await buildRenderers())].map(([name, bytes]) => [name, gzipSync(bytes).length] as const)
  expect(sizes.map(([name]) => name).sort()).toEqual([...NAMES].sort())
  for (const [name, size] of sizes) if (name !== 'chart') expect(size, name).toBeLessThan(60_000)
  expect(sizes.reduce((sum, [, size]) => sum + size, 0)).toBeLessThan(1_000_000)
})

describe('access', () => {
  const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

  it.each(NAMES)('%s has no violation that axe can find, in any theme, with everything open', async name => {
    const view = await open(name)
    await all[name].openEverything(view)
    await view.page.evaluate(axe)
    for (const theme of THEMES) {
      await view.setTheme(theme)
      await view.settle()
      const violations = await view.page.evaluate(async () => {
        const { axe } = window as unknown as { axe: typeof import('axe-core') }
        const { violations } = await axe.run(document)
        return violations.flatMap(({ id, nodes }) =>
          nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary}`),
        )
      })
      expect(violations, theme).toEqual([])
    }
    await view.close()
  })

  it.each(NAMES)('in %s Tab reaches every control, and each shows that it has the focus', async name => {
    const view = await open(name)
    await all[name].openEverything(view)
    await view.page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur())
    const wanted = await view.page.evaluate(() => {
      const controls = [...document.querySelectorAll<HTMLElement>('button, input, select, [tabindex="0"]')]
      return controls
        .filter(control => !control.hasAttribute('disabled') && control.checkVisibility())
        .map((control, i) => {
          control.dataset.walk = String(i)
          return String(i)
        })
    })
    const reached = new Set<string>()
    const unmarked: string[] = []
    for (let i = 0; i <= wanted.length + 2; i++) {
      await view.page.keyboard.press('Tab')
      const stop = await view.page.evaluate(() => {
        const element = document.activeElement as HTMLElement
        const style = getComputedStyle(element)
        const marked = style.outlineStyle !== 'none' && Number.parseFloat(style.outlineWidth) > 0
        return { walk: element.dataset.walk, marked, html: element.outerHTML.slice(0, 120) }
      })
      if (stop.walk === undefined) continue
      reached.add(stop.walk)
      if (!stop.marked) unmarked.push(stop.html)
    }
    expect([...reached].sort()).toEqual([...wanted].sort())
    expect(unmarked).toEqual([])
    await view.close()
  })

  it('nothing moves by itself where reduced motion is asked for, nor anywhere else', async () => {
    for (const name of NAMES) {
      const css = (await buildRenderers()).get(name)!.toString()
      expect(css).not.toMatch(/transition:|animation:|@keyframes/)
    }
  })
})

describe('cleanliness', () => {
  it.each(NAMES)('after 100 renderings of %s and their disposal nothing of them is alive', async name => {
    const { payload, objects, ready, variant } = all[name]
    const view = await openRenderer(browser, { renderer: name, objects, height: 1200 })
    const watch = await countInstances(view)
    await view.show(payload, 'warm')
    await view.page.locator(ready).first().waitFor()
    await keepViewPrototype(view)
    await view.dispose()
    await eventually(() => watch.counts()).toMatchObject({ bitmaps: 0, canvases: 0, vectors: 0, views: 0 })
    const before = await watch.counts()
    for (let i = 0; i < 100; i++) {
      // The same output updated, and others that come and go.
      await view.show(i % 2 ? payload : variant, i % 10 === 0 ? `other-${i}` : 'output')
      if (i % 20 === 0) await view.settle()
    }
    await view.dispose()
    await view.show(payload)
    await view.page.locator(ready).first().waitFor()
    await all[name].openEverything(view)
    await view.dispose()
    expect(await view.page.evaluate(() => window.mirage.live())).toEqual({
      outputs: 0,
      pictures: 0,
      bytes: 0,
    })
    // Timers of the last frames run out first.
    await eventually(async () => leftOver(before, await watch.counts())).toEqual({})
    await view.close()
  })
})

/** Keeps hold of what Vega's views have in common, found through a mark that one has drawn, to count them by. */
async function keepViewPrototype(view: RendererPage): Promise<void> {
  await view.page.evaluate(() => {
    const mark = document.querySelector('.mark-symbol path') as unknown as {
      __data__: { mark: { group: { context: { dataflow: object } } } }
    } | null
    if (mark)
      Object.assign(window, {
        viewPrototype: Object.getPrototypeOf(mark.__data__.mark.group.context.dataflow),
      })
  })
}

/** What counts of objects and listeners there are more of than before. */
function leftOver(before: Record<string, number>, after: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(after).filter(([name, count]) => count > (before[name] ?? 0)))
}

/** Counts from outside of the renderer: listeners, observers and object URLs by patching, the rest on the heap. */
async function countInstances(view: RendererPage) {
  await view.page.evaluate(() => {
    const open: Record<string, number> = { listeners: 0, urls: 0, observers: 0, bitmaps: 0 }
    Object.assign(window, { open })
    for (const target of [window, document, document.body, document.documentElement]) {
      const add = target.addEventListener.bind(target)
      const remove = target.removeEventListener.bind(target)
      const known = new Set<string>()
      const ids = new WeakMap<object, number>()
      let last = 0
      const keyOf = (type: string, listener: unknown, options: unknown) => {
        if (!ids.has(listener as object)) ids.set(listener as object, ++last)
        const capture =
          typeof options === 'object'
            ? Boolean((options as AddEventListenerOptions | null)?.capture)
            : Boolean(options)
        return `${type} ${ids.get(listener as object)} ${capture}`
      }
      target.addEventListener = ((type: string, listener: never, options: never) => {
        if (!known.has(keyOf(type, listener, options))) open.listeners++
        known.add(keyOf(type, listener, options))
        add(type, listener, options)
      }) as never
      target.removeEventListener = ((type: string, listener: never, options: never) => {
        if (known.delete(keyOf(type, listener, options))) open.listeners--
        remove(type, listener, options)
      }) as never
    }
    const create = URL.createObjectURL.bind(URL)
    const revoke = URL.revokeObjectURL.bind(URL)
    URL.createObjectURL = object => {
      open.urls++
      return create(object)
    }
    URL.revokeObjectURL = url => {
      open.urls--
      revoke(url)
    }
    for (const type of ['ResizeObserver', 'MutationObserver'] as const) {
      const watcher = window[type].prototype as ResizeObserver
      const { observe, disconnect } = watcher
      const active = new WeakSet<object>()
      watcher.observe = function (...args) {
        if (!active.has(this)) open.observers++
        active.add(this)
        observe.apply(this, args)
      }
      watcher.disconnect = function () {
        if (active.delete(this)) open.observers--
        disconnect.apply(this)
      }
    }
    const decode = window.createImageBitmap.bind(window)
    window.createImageBitmap = (async (...args: never[]) => {
      const bitmap = await decode(...(args as unknown as Parameters<typeof createImageBitmap>))
      open.bitmaps++
      return bitmap
    }) as never
    const transfer = OffscreenCanvas.prototype.transferToImageBitmap
    OffscreenCanvas.prototype.transferToImageBitmap = function () {
      open.bitmaps++
      return transfer.apply(this)
    }
    const close = ImageBitmap.prototype.close
    ImageBitmap.prototype.close = function () {
      if (this.width > 0) open.bitmaps--
      close.apply(this)
    }
  })
  const session = await view.page.context().newCDPSession(view.page)
  return {
    async counts(): Promise<Record<string, number>> {
      await session.send('HeapProfiler.collectGarbage')
      return {
        ...(await view.page.evaluate(() => (window as unknown as { open: Record<string, number> }).open)),
        canvases: await countObjects(session, 'HTMLCanvasElement.prototype'),
        views: await countObjects(session, 'window.viewPrototype ?? class {}.prototype'),
        vectors: await countObjects(session, 'SVGSVGElement.prototype'),
      }
    },
  }
}

async function countObjects(session: CDPSession, prototype: string): Promise<number> {
  const objectGroup = 'counting'
  const { result } = await session.send('Runtime.evaluate', { expression: prototype, objectGroup })
  const { objects } = await session.send('Runtime.queryObjects', {
    prototypeObjectId: result.objectId!,
    objectGroup,
  })
  const { result: count } = await session.send('Runtime.callFunctionOn', {
    functionDeclaration: 'function () { return this.length }',
    objectId: objects.objectId!,
    returnByValue: true,
  })
  await session.send('Runtime.releaseObjectGroup', { objectGroup })
  return count.value as number
}

it('of 200 outputs in a page only those near the window are drawn, the others keep their room', async () => {
  const { payload, objects } = all.compare
  const view = await openRenderer(browser, { renderer: 'compare', objects })
  await view.page.evaluate(json => {
    for (let i = 0; i < 200; i++) window.mirage.show(json, `n${i}`)
  }, JSON.stringify(payload))
  await view.page.locator('canvas').first().waitFor()
  await view.settle()
  const drawn = () => view.page.locator('.compare-stage').count()
  expect(await drawn()).toBeLessThan(12)
  const heights = await view.page
    .locator('#outputs > *')
    .evaluateAll(all => all.map(output => output.clientHeight))
  expect(Math.min(...heights)).toBeGreaterThan(150)
  await view.page.evaluate(() => document.querySelector('#output-n120')!.scrollIntoView())
  await view.page.locator('#output-n120 canvas[data-state=ready]').first().waitFor()
  expect(await view.page.locator('#output-n0 canvas').count()).toBe(0)
  expect(await drawn()).toBeLessThan(16)
  await view.close()
})

describe('hostile input', () => {
  it.each(NAMES)('%s shows every bad payload as a message or without what it cannot show', async name => {
    const { hostile, objects } = all[name]
    const view = await openRenderer(browser, { renderer: name, objects })
    for (const [i, payload] of hostile.entries()) {
      await view.show(payload, `bad-${i}`)
      await view.settle()
      const text = await view.page.locator(`#output-bad-${i}`).textContent()
      expect(text?.trim(), JSON.stringify(payload)).not.toBe('')
    }
    expect(await view.page.title()).toBe('Outputs')
    expect(view.problems).toEqual([])
    const wide = await view.page.evaluate(
      () => document.documentElement.scrollWidth > document.documentElement.clientWidth,
    )
    expect(wide).toBe(false)
    await view.close()
  })

  it('an image that is missing or cannot be decoded says so in its place, and the others are shown', async () => {
    const { payload, objects } = all.compare
    const [lr, gt, alpha] = (payload as { triplets: { images: { image: { hash: string } }[] }[] }).triplets[0]
      .images
    const view = await open('compare', {
      objects: {
        ...objects,
        [lr.image.hash]: 'The store has no such object.',
        [alpha.image.hash]: Buffer.from('no image at all'),
      },
    })
    expect(gt).toBeDefined()
    const messages = await view.page.locator('.compare-failure').allTextContents()
    expect(messages).toEqual(['LR: The store has no such object.', 'alpha: The image could not be decoded.'])
    expect(await view.pixel('canvas[data-role=gt]', 30, 60)).toEqual([...COLOURS.gt, 255])
    await view.page.focus('.compare-stage')
    for (const key of ['w', 'd', 'b', 'o', 's']) {
      await view.page.keyboard.press(key)
      await view.settle()
    }
    expect(view.problems).toEqual([])
    await view.close()
  })
})
