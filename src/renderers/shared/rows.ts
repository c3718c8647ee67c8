/** A row of the study table, as renderers name it to each other. */
export interface RowName {
  id: string
  method: string | null
}

const EVENT = 'mirage:rows'

/** Tells the other outputs of the page which rows are selected; a gallery shows them. */
export function announceRows(rows: readonly RowName[]): void {
  window.dispatchEvent(new CustomEvent(EVENT, { detail: rows.map(({ id, method }) => ({ id, method })) }))
}

/** @returns what ends the subscription */
export function onRows(listener: (rows: RowName[]) => void): () => void {
  const receive = (event: Event) => listener((event as CustomEvent<RowName[]>).detail)
  window.addEventListener(EVENT, receive)
  return () => window.removeEventListener(EVENT, receive)
}
