import { useEffect, useLayoutEffect, useMemo, useState } from 'preact/hooks'
import type { Pictures } from './pictures.ts'
import { createSlots, type Slots } from './slots.ts'

/** Holds stored images by hash while the component lives; it renders again when one came or failed. */
export function useSlots(pictures: Pictures, hashes: readonly string[]): Slots {
  const [, refresh] = useState({})
  const slots = useMemo(() => createSlots(pictures, () => refresh({})), [pictures])
  useLayoutEffect(() => {
    slots.want(new Map(hashes.map(hash => [hash, { id: hash, open: from => from.acquire(hash) }])))
  })
  useEffect(() => () => slots.dispose(), [slots])
  return slots
}
