import { expect } from 'vitest'

/** Waits until what is looked at is as expected; a busy machine is given time. */
export function eventually<T>(look: () => T | Promise<T>) {
  return expect.poll(look, { timeout: 30_000 })
}
