import type { Store } from '../store/store.ts'

export type Control = 'run' | 'pause' | 'stop'

const SPACE = 'train-control'

/** Leaves the user's wish for a training, which may run in another process or on another machine over the same store. */
export function wish(store: Store, run: string, action: Control): Promise<void> {
  return store.putRecord(SPACE, run, { action })
}

/** The wish, read from the store five times a second at most. */
export function wishes(store: Store, run: string): () => Promise<Control> {
  let read = Number.NEGATIVE_INFINITY
  let action: Control = 'run'
  return async () => {
    if (performance.now() - read < 200) return action
    read = performance.now()
    action = (await store.getRecord<{ action: Control }>(SPACE, run))?.action ?? 'run'
    return action
  }
}
