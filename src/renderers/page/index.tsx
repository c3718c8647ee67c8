import type { ActivationFunction, OutputItem, RendererApi, RendererContext } from 'vscode-notebook-renderer'

/**
 * Draws the outputs of an exported page, without an editor around it. Each output is an element
 * `[data-mirage-output=MIME]` that holds its payload in a JSON script and a plain fallback; each renderer's script has
 * put its `activate` into `mirageRenderers` under its MIME type.
 */
declare global {
  var mirageRenderers: Record<string, ActivationFunction<unknown>> | undefined
}

const instances = new Map<string, Promise<RendererApi>>()

function rendererOf(mime: string): Promise<RendererApi> | undefined {
  const activate = globalThis.mirageRenderers?.[mime]
  if (!activate) return undefined
  const known = instances.get(mime)
  if (known) return known
  let state: unknown
  const context: RendererContext<unknown> = {
    workspace: { isTrusted: true },
    getState: <T,>() => state as T,
    setState: next => {
      state = next
    },
    getRenderer: async () => undefined,
  }
  const started = Promise.resolve(activate(context)).then(api => api as RendererApi)
  instances.set(mime, started)
  return started
}

function itemOf(id: string, mime: string, text: string): OutputItem {
  return {
    id,
    mime,
    metadata: {},
    text: () => text,
    json: () => JSON.parse(text),
    data: () => new TextEncoder().encode(text),
    blob: () => new Blob([text], { type: mime }),
  }
}

/** Follows the reader's choice of light or dark, under the name that the renderers know. */
function followScheme(): void {
  const dark = matchMedia('(prefers-color-scheme: dark)')
  const apply = () => {
    document.body.dataset.vscodeThemeKind = dark.matches ? 'vscode-dark' : 'vscode-light'
  }
  dark.addEventListener('change', apply)
  apply()
}

async function draw(element: HTMLElement, id: string): Promise<void> {
  const mime = element.dataset.mirageOutput ?? ''
  const payload = element.querySelector('script[type="application/json"]')?.textContent
  const renderer = await rendererOf(mime)
  if (!renderer || !payload) return
  const target = document.createElement('div')
  element.querySelector('.fallback')?.replaceWith(target)
  await renderer.renderOutputItem(itemOf(id, mime, payload), target, new AbortController().signal)
}

followScheme()
for (const [n, element] of document.querySelectorAll<HTMLElement>('[data-mirage-output]').entries()) {
  void draw(element, `output-${n}`)
}
