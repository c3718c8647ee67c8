import { useLayoutEffect, useState } from 'preact/hooks'

/** A value that can be watched. Painters subscribe to it directly; components through `useStore`. */
export interface Store<T> {
  get(): T
  set(patch: Partial<T>): void
  /** @returns what ends the subscription */
  subscribe(listener: () => void): () => void
}

export function createStore<T extends object>(initial: T): Store<T> {
  let value = initial
  const listeners = new Set<() => void>()
  return {
    get: () => value,
    set(patch) {
      const keys = Object.keys(patch) as (keyof T)[]
      if (keys.every(key => Object.is(value[key], patch[key]))) return
      value = { ...value, ...patch }
      for (const listener of [...listeners]) listener()
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

/** What `select` picks from the store; the component renders again only when that changes. */
export function useStore<T extends object, S>(store: Store<T>, select: (value: T) => S): S {
  const [, refresh] = useState({})
  const selected = select(store.get())
  useLayoutEffect(() => {
    let seen = selected
    const check = () => {
      const next = select(store.get())
      if (Object.is(next, seen)) return
      seen = next
      refresh({})
    }
    check()
    return store.subscribe(check)
  })
  return selected
}
