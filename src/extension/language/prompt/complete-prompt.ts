import type { StudyLanguage } from '../../../kernel/protocol/messages.ts'
import { IMAGE_MEMBERS, PROMPT_VARIABLES } from '../../../notebook/prompt/variables.ts'
import { type Completion, complete } from '../complete.ts'
import { headerStepAt } from './header-step.ts'

type Names = { readonly [name: string]: string }

const LIST_MEMBERS: Names = { size: 'How many there are.', first: 'The first one.', last: 'The last one.' }
const LOOP_MEMBERS: Names = {
  index: 'Number of the turn, from 1.',
  index0: 'Number of the turn, from 0.',
  first: 'Whether this is the first turn.',
  last: 'Whether this is the last turn.',
  length: 'How many turns there are.',
}

/** What may be written at a place of a prompt cell. */
export async function completePrompt(
  language: StudyLanguage,
  text: string,
  offset: number,
): Promise<Completion[]> {
  const header = headerStepAt(language, text, offset)
  if (!header) return completeTemplate(text, offset)
  const nothing = { results: [], columns: [], files: async () => [] }
  const found = await complete(header.language, header.text, header.toStep(offset), nothing)
  return found.map(item => ({ ...item, span: header.toPrompt(item.span) }))
}

async function completeTemplate(text: string, offset: number): Promise<Completion[]> {
  const before = text.slice(0, offset)
  const open = before.match(/\{([{%])-?((?:(?!\}\}|%\})[\s\S])*)$/)
  if (!open) return []
  const [, kind, inside] = open
  const word = inside.match(/\w*$/)![0]
  const span = { start: offset - word.length, end: offset + text.slice(offset).match(/^\w*/)![0].length }
  const offer = (names: Names, as: Completion['kind']) =>
    Object.entries(names).map(
      ([label, documentation], rank): Completion => ({
        label,
        kind: as,
        insert: label,
        span,
        rank,
        ...(documentation && { documentation }),
      }),
    )
  const plain = (names: readonly string[]): Names => Object.fromEntries(names.map(name => [name, '']))
  const ahead = inside.slice(0, inside.length - word.length)
  // With the reader of templates, which is loaded when it is needed.
  const { FILTERS, TAGS } = await import('../../../notebook/prompt/template.ts')
  if (/\|\s*$/.test(ahead)) return offer(plain(FILTERS.toSorted()), 'filter')
  if (kind === '%' && ahead.trim() === '') return offer(plain(TAGS.toSorted()), 'tag')
  const owner = ahead.match(/([A-Za-z_]\w*)(\[\d+\])?\.$/)
  if (owner) return offer(membersOf(owner[1], owner[2] !== undefined, before), 'member')
  if (/["'][^"']*$/.test(ahead.replaceAll(/"[^"]*"|'[^']*'/g, ''))) return []
  return offer({ ...PROMPT_VARIABLES, ...ownVariables(before) }, 'variable')
}

function membersOf(owner: string, isElement: boolean, before: string): Names {
  if (owner === 'forloop') return LOOP_MEMBERS
  if (owner === 'images') return isElement ? IMAGE_MEMBERS : LIST_MEMBERS
  const loop = before.match(new RegExp(`\\bfor\\s+${owner}\\s+in\\s+(\\w+)`))
  return loop?.[1] === 'images' ? IMAGE_MEMBERS : LIST_MEMBERS
}

/** Variables that the template itself makes before the cursor. */
function ownVariables(before: string): Names {
  const found = [...before.matchAll(/\{%-?\s*(for|assign|capture)\s+(\w+)/g)]
  const names = Object.fromEntries(found.map(([, tag, name]) => [name, `Made by ${tag} above.`]))
  const inLoop = found.some(([, tag]) => tag === 'for')
  return { ...names, ...(inLoop && { forloop: 'The turn of the loop.' }) }
}
