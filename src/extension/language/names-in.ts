import { isMap, isScalar, isSeq, type ParsedNode } from 'yaml'
import type { StudyLanguage } from '../../kernel/protocol/messages.ts'
import { branches, childrenOf, type Schema, stepNamed } from './schema.ts'
import { keyText, readStepText, type Span, wordSpan } from './step-text.ts'

/** A result's name where a step cell writes it. */
export interface NameUse {
  name: string
  /** `may-read`: a name that can also be one that is shipped, such as that of a model. */
  role: 'defines' | 'reads' | 'may-read'
  /** Kind of result that is read. */
  kind?: string
  span: Span
}

/** Names that a step cell's text defines and reads, in order. */
export function namesIn(language: StudyLanguage, text: string): NameUse[] {
  const { name, body } = readStepText(text)
  const step = name && stepNamed(language, name.text)
  const found: NameUse[] = []
  if (step && body) walk(body, [step.schema as Schema], found)
  return found
}

function walk(node: ParsedNode, schemas: readonly Schema[], found: NameUse[]): void {
  const options = schemas.flatMap(branches)
  if (isScalar(node) && typeof node.value === 'string') {
    const use = useOf(options, node.value, wordSpan(node))
    if (use) found.push(use)
  } else if (isMap(node)) {
    for (const pair of node.items) {
      const key = keyText(pair)
      if (pair.value)
        walk(
          pair.value as ParsedNode,
          options.flatMap(option => childrenOf(option, key)),
          found,
        )
    }
  } else if (isSeq(node)) {
    node.items.forEach((item, index) => {
      walk(
        item as ParsedNode,
        options.flatMap(option => childrenOf(option, index)),
        found,
      )
    })
  }
}

function useOf(options: readonly Schema[], name: string, span: Span): NameUse | undefined {
  for (const { mirage: mark } of options) {
    if (!mark) continue
    if ('defines' in mark) return { name, role: 'defines', span }
    if ('reads' in mark) {
      const certain = mark.reads === 'table' || mark.reads === 'any'
      return { name, role: certain ? 'reads' : 'may-read', kind: mark.reads, span }
    }
    if (mark.completes === 'model') return { name, role: 'may-read', kind: 'model', span }
  }
  return undefined
}
