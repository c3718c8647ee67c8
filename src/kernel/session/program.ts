import { MirageError } from '../errors.ts'
import type { StudyCell } from '../protocol/messages.ts'
import type { Fingerprint, StepContext, StepDefinition, StepEvent, StepResult } from '../step.ts'
import { parseStep } from './parse-step.ts'
import { type References, referencesOf } from './references.ts'

/** A cell that has been read: what it needs, what it makes, and how to run it. */
export interface Program extends References {
  cell: string
  /** Kind and version of what runs; part of the result key. */
  name: string
  version: number
  /** Normalised parameters; part of the result key. */
  params: unknown
  granularity: StepDefinition['granularity']
  /** Jobs that it is, for granularity `runs`. */
  runs?: number
  fingerprint(context: StepContext): Promise<Fingerprint>
  run(context: StepContext): AsyncGenerator<StepEvent, StepResult, unknown>
}

/** How each kind of code cell becomes a program. */
export interface Language {
  steps: Record<string, StepDefinition>
  /** Checks a prompt's text and shows it rendered; throws a MirageError with a position when it is malformed. */
  prompt: StepDefinition
  /** Runs TypeScript over the named results. */
  script: StepDefinition
}

/**
 * @throws MirageError naming the cell, with a position in its text.
 */
export function readCell(cell: StudyCell, language: Language): Program {
  if (cell.kind === 'step') return readStep(cell, language)
  if (cell.kind === 'prompt') return readPrompt(cell, language)
  return readScript(cell, language)
}

function readStep(cell: StudyCell, { steps }: Language): Program {
  const { step, params, written } = parseStep(cell.id, cell.text, steps)
  return { cell: cell.id, ...bind(step, params), ...referencesOf(step.params, written) }
}

function readPrompt(cell: StudyCell, { prompt }: Language): Program {
  const name = cell.attributes.prompt
  if (!name) {
    throw new MirageError({
      code: 'prompt-unnamed',
      message: 'This prompt cell has no name.',
      remedy: 'Write it on the fence: ```liquid mirage prompt=NAME id=...',
      cell: cell.id,
    })
  }
  const params = { name, text: cell.text }
  return { cell: cell.id, ...bind(prompt, params), reads: [], mayRead: [], assumes: [], defines: name }
}

function readScript(cell: StudyCell, { script }: Language): Program {
  const names = [...new Set(cell.text.match(/[A-Za-z_]\w*/g))]
  const params = { text: cell.text, names, as: cell.attributes.as }
  const references = { reads: [], mayRead: names, assumes: [], defines: cell.attributes.as }
  return { cell: cell.id, ...bind(script, params), ...references }
}

function bind(step: StepDefinition, params: unknown): Omit<Program, 'cell' | keyof References> {
  return {
    name: step.name,
    version: step.version,
    params,
    granularity: step.granularity,
    ...(step.runs && { runs: step.runs(params) }),
    fingerprint: async context => (await step.fingerprint?.(params, context)) ?? {},
    run: context => step.run(params, context),
  }
}
