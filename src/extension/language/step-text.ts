import {
  type Document,
  isMap,
  isScalar,
  type Pair,
  type ParsedNode,
  parseDocument,
  type Scalar,
  type YAMLMap,
} from 'yaml'

/** Offsets in a cell's text. */
export interface Span {
  start: number
  end: number
}

/** The one pair of a step cell: its name and its parameters. */
export interface StepText {
  document: Document.Parsed
  name?: { text: string; span: Span }
  body: ParsedNode | null
}

/** Reads a step cell as far as it can be read; half-typed text is normal here. */
export function readStepText(text: string): StepText {
  const document = parseDocument(text, { prettyErrors: false, keepSourceTokens: false })
  const root = document.contents
  const pair = isMap(root) ? (root as YAMLMap<ParsedNode, ParsedNode | null>).items[0] : undefined
  if (!pair || !isScalar(pair.key)) return { document, body: null }
  return {
    document,
    name: { text: String(pair.key.value), span: spanOf(pair.key) },
    body: pair.value ?? null,
  }
}

export function spanOf(node: { range?: readonly [number, number, number] | null }): Span {
  const [start = 0, end = start] = node.range ?? []
  return { start, end }
}

/** Span of a scalar's text without quotes. */
export function wordSpan(scalar: Scalar): Span {
  const { start, end } = spanOf(scalar)
  return scalar.type === 'QUOTE_DOUBLE' || scalar.type === 'QUOTE_SINGLE'
    ? { start: start + 1, end: end - 1 }
    : { start, end }
}

export function keyText(pair: Pair): string {
  return String(isScalar(pair.key) ? pair.key.value : pair.key)
}

export const holds = ({ start, end }: Span, offset: number): boolean => start <= offset && offset <= end
