import type { Scalar } from './protocol/mime.ts'

/** A field of a CSV file as RFC 4180 has it; null is empty. Numbers are written so that they read back equal. */
export function csvField(value: Scalar): string {
  if (value === null) return ''
  const text = String(value)
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
