import { useState } from 'preact/hooks'

/** An id that no other element has. Preact's `useId` counts anew in each root, and each output of a page is a root. */
export function useUniqueId(): string {
  const [id] = useState(() => `m-${Math.random().toString(36).slice(2)}`)
  return id
}
