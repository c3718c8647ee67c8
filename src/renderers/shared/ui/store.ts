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

/**
 * What `select` picks from the store; the component renders again only when that changes.
 * @param calm ms that pass between renderings at least, for read-outs of what changes with every frame
 */
export function useStore<T extends object, S>(store: Store<T>, select: (value: T) => S, calm = 0): S {
  const [, refresh] = useState({})
  const selected = select(store.get())
  useLayoutEffect(() => {
    let seen = selected
    let timer: ReturnType<typeof setTimeout> | undefined
    const check = () => {
      timer = undefined
      const next = select(store.get())
      if (Object.is(next, seen)) return
      seen = next
      refresh({})
    }
    check()
    const end = store.subscribe(() => {
      if (calm === 0) check()
      else timer ??= setTimeout(check, calm)
    })
    return () => {
      clearTimeout(timer)
      end()
    }
  })
  return selected
}
