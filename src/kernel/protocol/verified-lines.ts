import type { VerifiedCell } from './messages.ts'

const LISTED = 10

type Difference = VerifiedCell['causes'][number]

/** A difference that both runs have a value of, in words. */
const WORDS: Record<Difference['cause'], (what: string, change: string) => string> = {
  model: (what, change) => `the model "${what}" is another file: ${change}`,
  prompt: (what, change) => `the prompt "${what}" was edited: ${change}`,
  image: (what, change) => `the image ${what} is another: ${change}`,
  judge: (what, change) => `another judge, ${what}: ${change}`,
  provider: (_what, change) => `another provider computed: ${change}`,
  version: (what, change) => `another version of ${what}: ${change}`,
  parameters: () => 'its parameters were edited',
  settings: (what, change) => `another setting, ${what}: ${change}`,
  seed: (_what, change) => `another seed: ${change}`,
  input: (what, change) => `"${what}" is another: ${change}`,
  result: (_what, change) => `the lock file holds no cause, and the result is another: ${change}`,
  added: what => `the ${what} cell is new`,
  removed: what => `the ${what} cell is gone`,
}

/** Why a cell's result differs from the lock's, and in what, a line each; none where it is equal. */
export function verifiedLines({ causes, differences, error }: VerifiedCell): string[] {
  const lines = error ? [error.message] : causes.map(cause => `because ${inWords(cause)}`)
  for (const { row, column, before, after, by } of differences.slice(0, LISTED)) {
    const place = row === '' ? column : `${row} ${column}`
    lines.push(`${place}: ${before} -> ${after}${by === undefined ? '' : ` (by ${by.toPrecision(3)})`}`)
  }
  if (differences.length > LISTED) lines.push(`... and ${differences.length - LISTED} more`)
  return lines
}

function inWords({ cause, what, before, after, from }: Difference): string {
  const made = from === undefined ? '' : ` (made by the cell ${from})`
  const whole = cause === 'added' || cause === 'removed'
  if (!whole && before === undefined) return `the ${cause} "${what}" is new: ${short(after)}${made}`
  if (!whole && after === undefined) return `the ${cause} "${what}" is gone: it was ${short(before)}${made}`
  return `${WORDS[cause](what, `${short(before)} -> ${short(after)}`)}${made}`
}

/** Twelve digits tell hashes apart. */
function short(text = ''): string {
  return text.replace(/\b([0-9a-f]{12})[0-9a-f]{52}\b/g, '$1')
}
