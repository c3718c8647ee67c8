import { isMap, LineCounter, type Pair, type ParsedNode, parseDocument, type YAMLMap } from 'yaml'
import type { StudyCell } from '../../kernel/protocol/messages.ts'
import { splitPromptText } from '../../notebook/prompt/split.ts'
import { keyText, readStepText, type Span, spanOf } from '../language/step-text.ts'

/** Where a stage stands in the cells: what a breakpoint is set on, and what lights up while the stage waits. */
export interface StagePlace {
  stage: string
  /** Id of the cell. */
  cell: string
  /** 1-based, in the cell's text; the end is exclusive. */
  line: number
  column: number
  endLine: number
  endColumn: number
}

/** Stages of a question in their order, each with where to look for it: the first place that is written is its own. */
const STAGES: readonly { stage: string; at: readonly Sought[] }[] = [
  { stage: 'prompt', at: ['template', { score: 'prompt' }] },
  { stage: 'images', at: [{ prompt: 'images' }, { score: 'of' }] },
  { stage: 'request', at: [{ score: 'judge' }] },
  { stage: 'answer', at: [{ score: 'judge' }] },
  { stage: 'parsed', at: [{ prompt: 'answer' }, { score: 'judge' }] },
  { stage: 'score', at: [{ score: 'as' }, { score: 'column' }] },
]

export const STAGE_NAMES: readonly string[] = STAGES.map(({ stage }) => stage)

/** `template`: the prompt's text below its front matter; otherwise a key of the score cell or of the front matter. */
type Sought = 'template' | { score: string } | { prompt: string }

/** The places of all stages of a score cell, in the order of the stages. */
export function placesOf(score: StudyCell, prompt?: StudyCell): StagePlace[] {
  const own = keysOf(score.text)
  const other = prompt && readPromptText(prompt.text)
  const find = (sought: Sought): { cell: StudyCell; span: Span } | undefined => {
    if (sought === 'template') return prompt && other && { cell: prompt, span: other.template }
    const span = 'score' in sought ? own.keys.get(sought.score) : other?.keys.get(sought.prompt)
    return span && { cell: 'score' in sought ? score : prompt!, span }
  }
  return STAGES.map(({ stage, at }) => {
    const found = at.map(find).find(place => place !== undefined) ?? { cell: score, span: own.name }
    return { stage, cell: found.cell.id, ...linesOf(found.cell.text, found.span) }
  })
}

/** Name of the prompt that a score cell names; undefined for a cell of another step. */
export function promptNameOf(score: StudyCell): string | undefined {
  const { name, body } = readStepText(score.text)
  if (name?.text !== 'score' || !isMap(body)) return undefined
  const written = body.get('prompt')
  return typeof written === 'string' ? written : ''
}

function keysOf(text: string): { name: Span; keys: Map<string, Span> } {
  const { name, body } = readStepText(text)
  return { name: name?.span ?? { start: 0, end: text.length }, keys: spansOf(body, 0) }
}

function readPromptText(text: string): { template: Span; keys: Map<string, Span> } {
  const { header, template } = splitPromptText(text)
  const blank = template.text.match(/^\s*/)?.[0].length ?? 0
  const span = { start: Math.min(template.start + blank, text.length), end: text.trimEnd().length }
  if (!header) return { template: span, keys: new Map() }
  const { contents } = parseDocument(header.text, { prettyErrors: false })
  return { template: span, keys: spansOf(contents, header.start) }
}

/** Each key of a map with the stretch from the key to the end of its value. */
function spansOf(node: ParsedNode | null, shift: number): Map<string, Span> {
  if (!isMap(node)) return new Map()
  const pairs = (node as YAMLMap<ParsedNode, ParsedNode | null>).items
  return new Map(pairs.map(pair => [keyText(pair as Pair), spanOfPair(pair, shift)]))
}

function spanOfPair({ key, value }: Pair<ParsedNode, ParsedNode | null>, shift: number): Span {
  const { start } = spanOf(key)
  const [, end = spanOf(key).end] = value?.range ?? []
  return { start: start + shift, end: end + shift }
}

function linesOf(text: string, { start, end }: Span): Omit<StagePlace, 'stage' | 'cell'> {
  const counter = new LineCounter()
  for (const { index } of text.matchAll(/^/gm)) counter.addNewLine(index)
  // A block of YAML ends with the line break after it, which belongs to the next line.
  const last = start + text.slice(start, end).trimEnd().length
  const [from, to] = [counter.linePos(start), counter.linePos(last)]
  return { line: from.line, column: from.col, endLine: to.line, endColumn: to.col }
}
