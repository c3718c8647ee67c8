import { createHash } from 'node:crypto'

/** As the index has it in `textHash`. */
export function hashText(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
