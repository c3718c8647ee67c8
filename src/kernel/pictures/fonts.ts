import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** The typeface of pictures. It comes along, so that words look the same everywhere, and are there where a machine has no fonts. */
export const FONT = 'DejaVu Sans'

/**
 * Makes the fonts that come along known to the library that draws text (fontconfig, in sharp). It reads the environment
 * at its first text, so this comes before.
 */
export function useFonts(env: NodeJS.ProcessEnv = process.env): void {
  const beside = join(import.meta.dirname, 'fonts')
  const folder = existsSync(beside) ? beside : join(import.meta.dirname, '..', '..', '..', 'dist', 'fonts')
  env.FONTCONFIG_FILE = join(folder, 'fonts.conf')
}
