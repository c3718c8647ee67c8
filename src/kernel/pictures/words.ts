/** Width of an average letter of the typeface, in its size. */
const LETTER = 0.6

/** A text in lines of at most `width` pixels; what does not fit into `most` lines ends in an ellipsis. */
export function wrapped(text: string, width: number, size: number, most: number): string[] {
  const room = Math.max(1, Math.floor(width / (size * LETTER)))
  const lines: string[] = []
  let rest = text
    .toWellFormed()
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim()
  while (rest !== '' && lines.length < most) {
    if (rest.length <= room) {
      lines.push(rest)
      rest = ''
    } else if (lines.length === most - 1) {
      lines.push(`${rest.slice(0, room - 1)}…`)
      rest = ''
    } else {
      const at = breakOf(rest, room)
      lines.push(rest.slice(0, at).trimEnd())
      rest = rest.slice(at).trimStart()
    }
  }
  return lines
}

/** After the last space or mark that leaves the line more than half full; in the middle of a word where there is none. */
function breakOf(text: string, room: number): number {
  for (let at = room; at > room / 2; at--) if (/[\s\-_./]/.test(text[at - 1]) || text[at] === ' ') return at
  return room
}

export function svgText(text: string, x: number, y: number, size: number, weight = 400): string {
  return `<text x="${x}" y="${y}" font-size="${size}" font-weight="${weight}">${escaped(text)}</text>`
}

const ENTITIES: { [character: string]: string } = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }
const escaped = (text: string) => text.replace(/[&<>]/g, character => ENTITIES[character])
