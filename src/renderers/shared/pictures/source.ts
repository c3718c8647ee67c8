import type { Host } from '../host.ts'

/** Where the bytes of a stored object come from. Rejects with a reason that can be shown. */
export interface ImageSource {
  load(hash: string): Promise<Blob>
}

/**
 * The source that this page offers, in this order:
 * 1. a host that answers messages (VS Code);
 * 2. objects in the page: `<script type="text/plain" data-mirage-object="HASH" data-mime="image/png">BASE64</script>`;
 * 3. files beside the page: `<meta name="mirage-objects" content="FOLDER/">`, each named by its hash.
 */
export function chooseSource(host: Host | undefined, page: Document): ImageSource {
  if (host) return fromHost(host)
  const folder = page.querySelector<HTMLMetaElement>('meta[name="mirage-objects"]')?.content
  return {
    async load(hash) {
      const element = page.querySelector<HTMLElement>(`script[data-mirage-object="${CSS.escape(hash)}"]`)
      if (element) return decodeBase64(element.textContent, element.dataset.mime ?? '')
      if (folder === undefined) throw new Error('The image is not part of this page.')
      const reply = await fetch(new URL(encodeURIComponent(hash), new URL(folder, page.baseURI)))
      if (!reply.ok) throw new Error(`The image could not be read (${reply.status}).`)
      return reply.blob()
    },
  }
}

function fromHost(host: Host): ImageSource {
  return {
    async load(hash) {
      const reply = await host.ask({ type: 'load', hash })
      if (reply.type !== 'object') throw new Error('The extension answered something else.')
      return decodeBase64(reply.base64, reply.mime)
    },
  }
}

function decodeBase64(base64: string, mime: string): Blob {
  const binary = atob(base64.trim())
  const bytes = new Uint8Array(binary.length)
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i)
  return new Blob([bytes], { type: mime })
}

/** Base64 of bytes, in pieces that `String.fromCharCode` can take. */
export function encodeBase64(bytes: Uint8Array): string {
  let binary = ''
  for (let i = 0; i < bytes.length; i += 0x8000)
    binary += String.fromCharCode(...bytes.subarray(i, i + 0x8000))
  return btoa(binary)
}
