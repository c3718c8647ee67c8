import * as z from 'zod'
import type { StudyLanguage } from '../../protocol/messages.ts'
import { promptHeader } from './header.ts'
import { readPrompt } from './prompt.ts'
import { SHIPPED_PROMPTS } from './shipped.ts'

/** What an editor needs to know to help with prompts. */
export function describePrompts(): StudyLanguage['prompts'] {
  const schema = z.toJSONSchema(promptHeader, { io: 'input', unrepresentable: 'any' })
  const shipped = Object.entries(SHIPPED_PROMPTS).map(([name, text]) => ({
    name,
    title: readPrompt(name, text).header.title ?? name,
  }))
  return { schema: schema as Record<string, unknown>, shipped }
}
