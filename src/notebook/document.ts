/**
 * A study as a value. `parse` and `print` (parse.ts, print.ts) map it to and from `*.mirage.md` text, and
 * `print(parse(text)) === text` for every text that parses.
 */
export interface StudyDocument {
  /** Front matter as written, without the `---` lines; absent when the file has none. */
  frontMatter?: string
  meta: StudyMeta
  cells: Cell[]
  /** Line ending of the file; mixed endings survive inside cell text. */
  eol: '\n' | '\r\n'
  /** What is around the cells: byte order mark, the `---` lines, blank lines at the end. */
  layout?: CellLayout
}

export interface StudyMeta {
  /** Document format version; a newer one than `FORMAT_VERSION` opens read-only. */
  format: number
  title?: string
  /** Reaches everything random in the study. */
  seed: number
  /** Keys that this version does not know; they survive a round trip. */
  other: Record<string, unknown>
}

export const FORMAT_VERSION = 1

export type Cell = ProseCell | CodeCell

/** Markdown between code cells, fences of other kinds included. */
export interface ProseCell {
  kind: 'prose'
  text: string
  /** Everything needed to print the cell back byte for byte (blank lines around it and the like). */
  layout?: CellLayout
}

export type CodeKind = 'step' | 'prompt' | 'script'

/** A fenced block whose info string reads `<language> mirage [name=value ...]`. */
export interface CodeCell {
  kind: CodeKind
  /** Stable within the document; empty where the file gives none. `ids.ts` repairs missing and duplicate ones. */
  id: string
  /** `yaml`, `liquid`, `ts`. */
  language: string
  /** Attributes of the info string other than `id`, in order (a prompt's `prompt=NAME`, unknown ones too). */
  attributes: Record<string, string>
  text: string
  /** 1-based line of the first line of `text` in the file, when it came from a file. */
  line?: number
  layout?: CellLayout
}

/** Opaque to everyone but `parse` and `print`. */
export type CellLayout = Readonly<Record<string, string | number | boolean>>
