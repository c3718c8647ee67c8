import type { StudyLanguage } from '../../../kernel/protocol/messages.ts'
import { splitPromptText } from '../../../notebook/prompt/split.ts'
import type { Span } from '../step-text.ts'

const HEAD = 'prompt:\n'
const INDENT = '  '

/** A prompt's front matter as the one step of a language, so that what helps with steps helps with it too. */
export interface HeaderStep {
  language: StudyLanguage
  /** The front matter as a step cell. */
  text: string
  /** From the prompt's text to the step's, and back. */
  toStep(offset: number): number
  toPrompt(span: Span): Span
}

/** Undefined where the offset is not in the front matter. */
export function headerStepAt(
  language: StudyLanguage,
  prompt: string,
  offset: number,
): HeaderStep | undefined {
  const { header } = splitPromptText(prompt)
  if (!header || offset < header.start || offset > header.start + header.text.length) return undefined
  const { start } = header
  const text = HEAD + header.text.replaceAll(/^/gm, INDENT)
  const breaks = (part: string) => part.split('\n').length - 1
  const back = (at: number) => {
    const indented = INDENT.length * breaks(text.slice(0, at))
    return start + Math.max(0, at - HEAD.length - indented)
  }
  return {
    language: {
      ...language,
      steps: [{ name: 'prompt', summary: 'Front matter of a prompt.', schema: language.prompts.schema }],
    },
    text,
    toStep: at => HEAD.length + at - start + INDENT.length * (breaks(prompt.slice(start, at)) + 1),
    toPrompt: span => ({ start: back(span.start), end: back(span.end) }),
  }
}
