import type { Host } from './host.ts'
import { encodeBase64 } from './pictures/source.ts'

/**
 * Gives a file to the person: through the host, which asks where to put it, or as a download where there is none.
 * @throws Error with the host's reason
 */
export async function saveFile(host: Host | undefined, suggestedName: string, content: Blob): Promise<void> {
  if (host) {
    const base64 = encodeBase64(new Uint8Array(await content.arrayBuffer()))
    await host.ask({ type: 'save', suggestedName, mime: content.type, base64 })
    return
  }
  const url = URL.createObjectURL(content)
  const link = document.createElement('a')
  link.href = url
  link.download = suggestedName
  link.click()
  // The download has begun by then, and takes its own hold of the content.
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

/** @throws Error where the page may not write to the clipboard */
export async function copyImage(png: Blob): Promise<void> {
  await navigator.clipboard.write([new ClipboardItem({ 'image/png': png })])
}

export async function copyText(text: string): Promise<void> {
  await navigator.clipboard.writeText(text)
}

/** A title as a file name: letters, digits, dots and dashes, at most 60 of them. */
export function fileName(title: string, extension: string): string {
  const stem = title
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9.]+/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '')
    .slice(0, 60)
  return `${stem || 'figure'}.${extension}`
}
