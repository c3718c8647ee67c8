/** A row of the study table, as renderers name it to each other. */
export interface RowName {
  id: string
  method: string | null
}

const EVENT = 'mirage:rows'

declare global {
  interface Window {
    /** What was announced last; the window is all that the renderers' bundles have in common. */
    mirageRows?: RowName[]
  }
}

/** Tells the other outputs of the page which rows a person has selected; a gallery shows them. */
export function announceRows(rows: readonly RowName[]): void {
  window.mirageRows = rows.map(({ id, method }) => ({ id, method }))
  window.dispatchEvent(new CustomEvent(EVENT, { detail: window.mirageRows }))
}

/**
 * Hears the last rows at once, since an output that is far away is not drawn when they are announced.
 * @returns what ends the subscription
 */
export function onRows(listener: (rows: RowName[]) => void): () => void {
  const receive = (event: Event) => listener((event as CustomEvent<RowName[]>).detail)
  window.addEventListener(EVENT, receive)
  if (window.mirageRows) listener(window.mirageRows)
  return () => window.removeEventListener(EVENT, receive)
}
