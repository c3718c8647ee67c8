/** A word that a POSIX shell reads back as it is. */
export function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

export const words = (list: readonly string[]): string => list.map(quote).join(' ')
