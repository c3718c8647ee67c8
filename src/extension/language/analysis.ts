import type { StudyLanguage } from '../../kernel/protocol/messages.ts'
import { diagnoseText } from './diagnose-text.ts'
import { type NameUse, namesIn } from './names-in.ts'
import { diagnosePrompt, type Templates } from './prompt/diagnose-prompt.ts'
import type { Problem } from './validate.ts'

/** All that is known of a step or prompt cell from its text alone. */
export interface Analysis {
  names: readonly NameUse[]
  problems: readonly Problem[]
}

export type Analyse = (text: string, kind?: 'step' | 'prompt') => Analysis

/** Texts whose analysis is kept: those of a large study, so that an edit of one cell reads one cell. */
const KEPT = 2000

export function analyser(language: StudyLanguage, templates: Templates): Analyse {
  const known = new Map<string, Analysis>()
  return (text, kind = 'step') => {
    const key = `${kind} ${text}`
    const before = known.get(key)
    if (before) return before
    const analysis =
      kind === 'prompt'
        ? { names: [], problems: diagnosePrompt(language, text, templates) }
        : { names: namesIn(language, text), problems: diagnoseText(language, text) }
    known.set(key, analysis)
    for (const oldest of known.keys()) {
      if (known.size <= KEPT) break
      known.delete(oldest)
    }
    return analysis
  }
}
