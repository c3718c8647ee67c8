import { existsSync } from 'node:fs'

/** Milliseconds of all looks, and of one on average, up to which they are quick. */
const QUICK = { all: 20, one: 0.1 }

let looks = 0
let spent = 0

/**
 * Whether a file is known not to be there. Asked without waiting, which takes a tenth of the time of finding it out from a
 * failed read; where that is slow, as over a network, it is not asked and nothing is known.
 */
export function isAbsent(path: string): boolean {
  if (spent > QUICK.all && spent / looks > QUICK.one) return false
  const started = performance.now()
  const absent = !existsSync(path)
  spent += performance.now() - started
  looks++
  return absent
}
