import type { Picture } from './picture.ts'
import type { Lease, Pictures } from './pictures.ts'

/** A picture that is wanted now: `id` names what it is, `open` gets it. */
export interface Want {
  id: string
  open(pictures: Pictures): Lease
}

/** The pictures that one painter holds, by slot. What a slot showed stays until its successor is there. */
export interface Slots {
  want(wants: ReadonlyMap<string, Want>): void
  get(slot: string): Picture | undefined
  /** Why the wanted picture cannot be shown. */
  failure(slot: string): string | undefined
  /** Whether the slot shows what was last wanted. */
  settled(slot: string): boolean
  dispose(): void
}

interface Slot {
  id: string
  lease: Lease
  /** What is shown until `lease` is there. */
  former?: Lease
  failure?: string
}

/** @param changed called when a picture came or failed */
export function createSlots(pictures: Pictures, changed: () => void): Slots {
  const slots = new Map<string, Slot>()

  const fill = (name: string, want: Want, former: Lease | undefined) => {
    const slot: Slot = { id: want.id, lease: want.open(pictures), former }
    slots.set(name, slot)
    const arrived = (failure?: string) => {
      if (slots.get(name) !== slot) return
      slot.former?.release()
      slot.former = undefined
      slot.failure = failure
      changed()
    }
    slot.lease.picture.then(
      () => arrived(),
      error => arrived(error instanceof Error ? error.message : String(error)),
    )
  }

  const drop = (name: string, slot: Slot) => {
    slots.delete(name)
    slot.lease.release()
    slot.former?.release()
  }

  return {
    want(wants) {
      for (const [name, slot] of [...slots]) if (!wants.has(name)) drop(name, slot)
      for (const [name, want] of wants) {
        const slot = slots.get(name)
        if (slot?.id === want.id) continue
        let former: Lease | undefined
        if (slot?.lease.now) {
          former = slot.lease
          slot.former?.release()
        } else {
          former = slot?.former
          slot?.lease.release()
        }
        fill(name, want, former)
      }
    },
    get(name) {
      const slot = slots.get(name)
      return slot?.failure === undefined ? (slot?.lease.now ?? slot?.former?.now) : undefined
    },
    failure: name => slots.get(name)?.failure,
    settled: name => Boolean(slots.get(name)?.lease.now),
    dispose() {
      for (const [name, slot] of [...slots]) drop(name, slot)
    },
  }
}
