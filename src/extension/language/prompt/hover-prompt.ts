import type { StudyLanguage } from '../../../kernel/protocol/messages.ts'
import { IMAGE_MEMBERS, PROMPT_VARIABLES } from '../../../notebook/prompt/variables.ts'
import { type Hover, hoverAt } from '../hover.ts'
import { headerStepAt } from './header-step.ts'

const NAMES: { readonly [name: string]: string } = { ...IMAGE_MEMBERS, ...PROMPT_VARIABLES }

/** Markdown for what is under the pointer in a prompt cell. */
export function hoverPrompt(language: StudyLanguage, text: string, offset: number): Hover | undefined {
  const header = headerStepAt(language, text, offset)
  if (header) {
    const found = hoverAt(header.language, header.text, header.toStep(offset), [], [])
    return found && { ...found, span: header.toPrompt(found.span) }
  }
  const start = offset - text.slice(0, offset).match(/\w*$/)![0].length
  const end = offset + text.slice(offset).match(/^\w*/)![0].length
  const word = text.slice(start, end)
  const inTag = /\{[{%](?:(?!\}\}|%\})[\s\S])*$/.test(text.slice(0, offset))
  if (!inTag || !Object.hasOwn(NAMES, word)) return undefined
  return { markdown: `**${word}**\n\n${NAMES[word]}`, span: { start, end } }
}
