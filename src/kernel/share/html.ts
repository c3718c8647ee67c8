import { base64 } from '../../notebook/base64.ts'
import type { CodeCell } from '../../notebook/document.ts'
import type { OutputItem, SavedCell } from '../protocol/messages.ts'
import { imagesIn } from '../session/images-in.ts'
import { proseToHtml } from './markdown.ts'
import type { Material } from './material.ts'
import { PAGE_CSS } from './page-css.ts'

/** Scripts of the page, as built: a renderer by the MIME type that it draws, and what draws outputs without an editor. */
export interface PageScripts {
  renderers: Map<string, string>
  page: string
}

/**
 * One self-contained HTML file: prose, cells, saved outputs, their images and the renderers that they need. Its content
 * security policy allows these very scripts and nothing else, and no connection anywhere.
 */
export async function toHtml(material: Material, scripts: PageScripts): Promise<string> {
  const { document, outputs, objects, files } = material
  const title = document.meta.title ?? 'Study'
  const used = new Set<string>()
  const lookup = (path: string) => {
    const file = files.get(path)
    return file && { mime: file.mime, base64: base64(file.bytes) }
  }
  const body = document.cells
    .map(cell =>
      cell.kind === 'prose'
        ? `<section class="prose">${proseToHtml(cell.text, lookup)}</section>`
        : codeSection(cell, outputs.get(cell.id), scripts, used, objects),
    )
    .join('\n')
  const programs = [...used]
    .map(mime => registered(mime, scripts.renderers.get(mime) ?? ''))
    .concat(scripts.page)
  const policy = [
    "default-src 'none'",
    `script-src ${(await Promise.all(programs.map(sha256))).map(hash => `'sha256-${hash}'`).join(' ')}`,
    "style-src 'unsafe-inline'",
    'img-src data: blob:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')
  // What no renderer asks for stands in the page already, as the picture that it is.
  const embedded = [...imagesSpokenOf(outputs)].flatMap(hash => {
    const object = objects.get(hash)
    if (!object) return []
    const mime = escapeHtml(object.mime)
    return `<script type="text/plain" data-mirage-object="${hash}" data-mime="${mime}">${base64(object.bytes)}</script>`
  })
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escapeHtml(title)}</title>`,
    `<style>${PAGE_CSS}</style>`,
    '</head>',
    '<body>',
    '<main>',
    body,
    '</main>',
    ...embedded,
    ...programs.map(text => `<script type="module">${text}</script>`),
    '</body>',
    '</html>',
    '',
  ].join('\n')
}

/** Hashes of the images that renderers may ask for. */
function imagesSpokenOf(outputs: Material['outputs']): Set<string> {
  const items = [...outputs.values()].flatMap(cell => cell.outputs.flatMap(output => output.items))
  return new Set(
    items.flatMap(item => {
      if (!('json' in item)) return []
      const { thumbs, images } = imagesIn(item.json)
      return [...thumbs, ...images]
    }),
  )
}

async function sha256(text: string): Promise<string> {
  return base64(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))))
}

/** A renderer's bundle ends in `export{x as activate}`; inside a page it hands itself over instead. */
function registered(mime: string, bundle: string): string {
  const program = bundle
    .trimEnd()
    .replace(/export\s*\{\s*([\w$]+) as activate\s*\};?$/, (_, name: string) => {
      return `;(globalThis.mirageRenderers??={})[${JSON.stringify(mime)}]=${name};`
    })
  if (program === bundle.trimEnd()) throw new Error(`The renderer of ${mime} does not export activate.`)
  return inScript(program)
}

function codeSection(
  cell: CodeCell,
  saved: SavedCell | undefined,
  scripts: PageScripts,
  used: Set<string>,
  objects: Material['objects'],
): string {
  const outputs = saved?.outputs.map(({ items }) => outputHtml(items, scripts, used, objects)) ?? []
  const state = saved
    ? saved.succeeded
      ? `ran ${saved.finished.slice(0, 16).replace('T', ' ')} UTC`
      : 'failed'
    : 'never run'
  return [
    `<section class="cell ${cell.kind}" id="${escapeHtml(cell.id)}">`,
    `<header><span>${escapeHtml(cell.id)}</span><span>${escapeHtml(state)}</span></header>`,
    `<pre class="code"><code>${escapeHtml(cell.text)}</code></pre>`,
    ...outputs,
    '</section>',
  ].join('\n')
}

function outputHtml(
  items: OutputItem[],
  scripts: PageScripts,
  used: Set<string>,
  objects: Material['objects'],
): string {
  const rich = items.find(item => 'json' in item && scripts.renderers.has(item.mime))
  const fallback = fallbackHtml(items, objects)
  if (!rich || !('json' in rich)) return `<div class="output">${fallback}</div>`
  used.add(rich.mime)
  const payload = JSON.stringify(rich.json).replaceAll('<', '\\u003c')
  return [
    `<div class="output" data-mirage-output="${escapeHtml(rich.mime)}">`,
    `<script type="application/json">${payload}</script>`,
    `<div class="fallback">${fallback}</div>`,
    '</div>',
  ].join('')
}

/** What a reader without scripts sees: the picture, whose words are the text, or the text. */
function fallbackHtml(items: OutputItem[], objects: Material['objects']): string {
  const plain = items.find(item => 'text' in item && item.mime === 'text/plain')
  const text = plain && 'text' in plain ? escapeHtml(plain.text) : ''
  for (const item of items) {
    const object = 'object' in item && item.mime.startsWith('image/') ? objects.get(item.object) : undefined
    if (object)
      return `<img alt="${text}" src="data:${escapeHtml(object.mime)};base64,${base64(object.bytes)}">`
  }
  return text && `<pre>${text}</pre>`
}

/** A program's text that cannot end the script element that it stands in. */
const inScript = (text: string) => text.replace(/<(?=\/script|!--)/gi, '\x3c')

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

const escapeHtml = (text: string) => text.replace(/[&<>"']/g, character => ENTITIES[character])
