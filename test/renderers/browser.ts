import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import * as esbuild from 'esbuild'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import themes from './themes.json' with { type: 'json' }

export type RendererName = 'compare' | 'gallery' | 'chart' | 'table' | 'training' | 'rate'
export type ThemeName = keyof typeof themes
export const THEMES = Object.keys(themes) as ThemeName[]

const CHROMIUM = '/usr/bin/chromium'
const ORIGIN = 'http://localhost'

/** As strict as an exported page can be: no eval, no network, no plugin; style elements are what Vega's SVG needs. */
const CSP = "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'"

const KINDS: Record<ThemeName, string> = {
  light: 'vscode-light',
  dark: 'vscode-dark',
  'hc-dark': 'vscode-high-contrast',
  'hc-light': 'vscode-high-contrast-light',
}

let bundles: Promise<Map<string, Buffer>> | undefined

/** The bundles as the product builds them, by renderer. */
export function buildRenderers(): Promise<Map<string, Buffer>> {
  bundles ??= (async () => {
    const root = resolve(import.meta.dirname, '../..')
    const names = ['compare', 'gallery', 'chart', 'table', 'training', 'rate'].filter(name =>
      existsSync(`${root}/src/renderers/${name}/index.tsx`),
    )
    const { outputFiles } = await esbuild.build({
      absWorkingDir: root,
      entryPoints: Object.fromEntries(names.map(name => [name, `src/renderers/${name}/index.tsx`])),
      bundle: true,
      format: 'esm',
      platform: 'browser',
      target: 'es2022',
      jsx: 'automatic',
      jsxImportSource: 'preact',
      minify: true,
      legalComments: 'none',
      outdir: 'dist/renderers',
      write: false,
    })
    return new Map(outputFiles.map(file => [file.path.match(/(\w+)\.js$/)![1], Buffer.from(file.contents)]))
  })()
  return bundles
}

export async function launch(...args: string[]): Promise<Browser> {
  if (!existsSync(CHROMIUM))
    throw new Error(`Chromium is missing: apt-get install -y chromium (wanted ${CHROMIUM})`)
  return chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', ...args],
  })
}

export interface PageOptions {
  renderer: RendererName
  theme?: ThemeName
  /** Encoded images by hash; a string makes the host answer `failed` with it. */
  objects?: Record<string, Buffer | string>
  /** `messages` (a host), `embedded` (objects in the page) or `files` (fetched beside the page). */
  source?: 'messages' | 'embedded' | 'files'
  width?: number
  height?: number
  ratio?: number
  reducedMotion?: boolean
  state?: unknown
}

export interface Area {
  x: number
  y: number
  width: number
  height: number
}

export interface RendererPage {
  page: Page
  /** Renders an output and waits until its element has content. */
  show(json: unknown, id?: string): Promise<void>
  dispose(id?: string): Promise<void>
  /** What the renderer sent to its host, but for loads; without the numbers of the requests. */
  requests(): Promise<Record<string, unknown>[]>
  /** What setState last got. */
  state(): Promise<unknown>
  setTheme(theme: ThemeName): Promise<void>
  /** RGBA of a canvas pixel, in CSS px from its corner. */
  pixel(selector: string, x: number, y: number): Promise<number[]>
  /** Where a canvas has exactly this colour: the corner and size of the area, in canvas px; null where nowhere. */
  find(selector: string, colour: readonly number[]): Promise<Area | null>
  /** Waits until no canvas of the page is loading and everything was painted. */
  settle(): Promise<void>
  /** Page errors, console errors and requests for anything but the bundle and the objects. */
  problems: string[]
  close(): Promise<void>
}

/** JSON as a hostile file may have it: infinite numbers as literals that overflow. */
function stringify(json: unknown): string {
  const marked = JSON.stringify(json, (_, value) =>
    value === Number.POSITIVE_INFINITY ? '@infinite' : value,
  )
  return marked.replaceAll('"@infinite"', '1e999')
}

/** A page like VS Code's output webview, with one renderer in it and nothing behind it. */
export async function openRenderer(browser: Browser, options: PageOptions): Promise<RendererPage> {
  const { renderer, theme = 'light', objects = {}, source = 'messages' } = options
  const code = (await buildRenderers()).get(renderer)
  if (!code) throw new Error(`There is no bundle of ${renderer}.`)
  const context = await browser.newContext({
    viewport: { width: options.width ?? 900, height: options.height ?? 700 },
    deviceScaleFactor: options.ratio ?? 1,
    reducedMotion: options.reducedMotion ? 'reduce' : 'no-preference',
    permissions: ['clipboard-read', 'clipboard-write'],
  })
  const problems: string[] = []
  await serve(context, problems, {
    '/': () => ({
      type: 'text/html',
      body: pageHtml(theme, source === 'embedded' ? objects : {}, source === 'files'),
    }),
    [`/${renderer}.js`]: () => ({ type: 'text/javascript', body: code }),
    '/page.js': () => ({ type: 'text/javascript', body: pageScript(renderer) }),
    ...Object.fromEntries(
      Object.entries(objects).map(([hash, bytes]) => [
        `/objects/${hash}`,
        () => ({ type: 'image/png', body: bytes }),
      ]),
    ),
  })
  const page = await context.newPage()
  page.on('pageerror', error => problems.push(`page error: ${error.message}`))
  page.on('console', message => message.type() === 'error' && problems.push(`console: ${message.text()}`))
  await page.addInitScript(
    ([hostObjects, state]) => Object.assign(window, { hostObjects, hostState: state }),
    [
      source === 'messages'
        ? Object.fromEntries(
            Object.entries(objects).map(([hash, bytes]) => [
              hash,
              typeof bytes === 'string' ? { message: bytes } : { base64: bytes.toString('base64') },
            ]),
          )
        : null,
      options.state,
    ] as const,
  )
  await page.goto(`${ORIGIN}/`)
  await page.waitForFunction(() => 'mirage' in window)

  return {
    page,
    problems,
    async show(json, id = 'output') {
      await page.evaluate(([json, id]) => window.mirage.show(json, id), [stringify(json), id] as const)
      await page.waitForFunction(id => document.querySelector(`#output-${id} .mirage > *`) !== null, id)
    },
    dispose: id => page.evaluate(id => window.mirage.dispose(id), id),
    requests: () => page.evaluate(() => window.mirage.requests.map(({ request: _, ...rest }) => rest)),
    state: () => page.evaluate(() => window.mirage.state),
    setTheme: name =>
      page.evaluate(
        ([variables, kind]) => {
          const { style } = document.documentElement
          for (const key of [...style]) style.removeProperty(key)
          for (const [key, value] of Object.entries(variables)) style.setProperty(key, value)
          document.body.className = kind
          document.body.dataset.vscodeThemeKind = kind
        },
        [themes[name], KINDS[name]] as const,
      ),
    pixel: (selector, x, y) =>
      page.locator(selector).evaluate(
        (element, [x, y]) => {
          const canvas = element as HTMLCanvasElement
          const ratio = canvas.width / canvas.clientWidth
          return [
            ...canvas.getContext('2d')!.getImageData(Math.floor(x * ratio), Math.floor(y * ratio), 1, 1).data,
          ]
        },
        [x, y],
      ),
    find: (selector, colour) =>
      page.locator(selector).evaluate((element, [r, g, b]) => {
        const canvas = element as HTMLCanvasElement
        const { data, width } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height)
        const box = { x0: 1e9, y0: 1e9, x1: -1, y1: -1 }
        for (let i = 0; i < data.length; i += 4) {
          if (data[i] !== r || data[i + 1] !== g || data[i + 2] !== b || data[i + 3] !== 255) continue
          const x = (i / 4) % width
          const y = Math.floor(i / 4 / width)
          box.x0 = Math.min(box.x0, x)
          box.y0 = Math.min(box.y0, y)
          box.x1 = Math.max(box.x1, x)
          box.y1 = Math.max(box.y1, y)
        }
        return box.x1 < 0
          ? null
          : { x: box.x0, y: box.y0, width: box.x1 - box.x0 + 1, height: box.y1 - box.y0 + 1 }
      }, colour),
    async settle() {
      // What was drawn once may have to be drawn anew, which only the next frame says.
      for (let settled = false; !settled; ) {
        await page.waitForFunction(selector => document.querySelector(selector) === null, UNSETTLED)
        settled = await page.evaluate(
          selector =>
            new Promise<boolean>(done => {
              const look = () => done(document.querySelector(selector) === null)
              requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(look)))
              // A page that nothing changes may draw no frame at all.
              setTimeout(look, 2000)
            }),
          UNSETTLED,
        )
      }
    },
    close: () => context.close(),
  }
}

/** Canvases that wait for their image, or to be drawn at all. */
const UNSETTLED = [
  'canvas[data-state="loading"]',
  '.mirage-pane-canvas:not([data-state])',
  '.m-thumbnail:not([data-state])',
].join()

declare global {
  interface Window {
    mirage: {
      show(json: string, id: string): void
      dispose(id?: string): void
      live(): Record<string, number>
      requests: Record<string, unknown>[]
      state: unknown
      /** Why the host refuses to keep a rating; none by default. */
      refusal?: string
      /** Answers to loads, which wait here where a test wants them to. */
      held?: (() => void)[]
    }
    hostObjects: Record<string, { base64?: string; message?: string }> | null
    hostState: unknown
  }
}

type Answer = () => { type: string; body: string | Buffer }

async function serve(
  context: BrowserContext,
  problems: string[],
  files: Record<string, Answer>,
): Promise<void> {
  await context.route('**/*', route => {
    const url = new URL(route.request().url())
    const file = url.origin === ORIGIN ? files[url.pathname] : undefined
    if (url.pathname === '/favicon.ico') return route.fulfill({ status: 204 })
    if (!file) {
      problems.push(`request: ${url}`)
      return route.abort()
    }
    const { type, body } = file()
    const policy = `${CSP}; connect-src 'self'`
    return route.fulfill({ contentType: type, body, headers: { 'content-security-policy': policy } })
  })
}

function pageHtml(theme: ThemeName, embedded: Record<string, Buffer | string>, files: boolean): string {
  const variables = Object.entries(themes[theme])
    .map(([key, value]) => `${key}: ${value}`)
    .join('; ')
  const scripts = Object.entries(embedded).map(
    ([hash, bytes]) =>
      `<script type="text/plain" data-mirage-object="${hash}" data-mime="image/png">${bytes.toString('base64')}</script>`,
  )
  return `<!doctype html><html lang="en" style='${variables}'><head><meta charset="utf-8"><title>Outputs</title>
    ${files ? '<meta name="mirage-objects" content="/objects/">' : ''}
    <style>body { margin: 8px; background: var(--vscode-editor-background); font-family: var(--vscode-font-family) }</style>
    </head><body class="${KINDS[theme]}" data-vscode-theme-kind="${KINDS[theme]}"><main><h1 style="position: absolute; left: -999px">Outputs</h1><div id="outputs"></div></main>
    ${scripts.join('\n')}<script type="module" src="/page.js"></script></body></html>`
}

function pageScript(renderer: RendererName): string {
  return `
    import { activate } from '/${renderer}.js'
    const listeners = new Set()
    const requests = []
    const reply = message => setTimeout(() => { for (const listener of [...listeners]) listener(message) })
    const host = window.hostObjects && {
      postMessage(message) {
        if (message.type !== 'load') requests.push(message)
        if (message.type === 'save' || message.type === 'tag') reply({ type: 'saved', request: message.request })
        if (message.type === 'rate') reply(rated(message))
        if (message.type !== 'load') return
        if (mirage.held) mirage.held.push(() => load(message))
        else load(message)
      },
      onDidReceiveMessage(listener) {
        listeners.add(listener)
        return { dispose: () => listeners.delete(listener) }
      },
    }
    const load = ({ request, hash }) => {
      const object = window.hostObjects[hash]
      if (object?.base64 !== undefined) {
        reply({ type: 'object', request, mime: 'image/png', base64: object.base64 })
      } else reply({ type: 'failed', request, message: object?.message ?? 'There is no such object.' })
    }
    const given = {}
    const rated = ({ request, rater, answer }) => {
      if (mirage.refusal) return { type: 'failed', request, message: mirage.refusal }
      given[rater] ??= {}
      if (answer) given[rater][answer.pair] = answer.rating
      return { type: 'rated', request, ratings: { ...given[rater] } }
    }
    const mirage = { requests, state: window.hostState }
    const api = activate({
      ...host,
      workspace: { isTrusted: true },
      getState: () => mirage.state,
      setState: value => { mirage.state = structuredClone(value) },
      getRenderer: async () => undefined,
    })
    mirage.show = (text, id) => {
      let element = document.getElementById('output-' + id)
      if (!element) {
        element = document.createElement('div')
        element.id = 'output-' + id
        document.getElementById('outputs').append(element)
      }
      element.scrollIntoView({ block: 'nearest' })
      const json = JSON.parse(text)
      api.renderOutputItem({ id, mime: '', metadata: { mirage: 'gallery', cell: 'look' }, json: () => json, text: () => text }, element, new AbortController().signal)
    }
    mirage.dispose = id => {
      api.disposeOutputItem(id)
      for (const element of document.querySelectorAll('#outputs > *')) {
        if (id === undefined || element.id === 'output-' + id) element.remove()
      }
    }
    mirage.live = () => api.live()
    window.mirage = mirage`
}
