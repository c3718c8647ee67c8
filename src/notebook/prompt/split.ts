/** The two parts of a prompt cell's text. Offsets are in characters of the whole text. */
export interface PromptParts {
  /** YAML between the fences; absent where there is no front matter. */
  header?: { text: string; start: number }
  template: { text: string; start: number }
  /** Lines before the template. */
  lines: number
}

const OPENING = /^---[ \t]*\r?\n/
const FENCED = /^---[ \t]*\r?\n([\s\S]*?)(?:^|\n)---[ \t]*(?:\r?\n|$)/

/** Splits a prompt into its front matter and its template. */
export function splitPromptText(text: string): PromptParts {
  const match = text.match(FENCED)
  if (!match) return { template: { text, start: 0 }, lines: 0 }
  const end = match[0].length
  return {
    header: { text: match[1], start: match[0].match(OPENING)![0].length },
    template: { text: text.slice(end), start: end },
    lines: match[0].split('\n').length - 1,
  }
}
