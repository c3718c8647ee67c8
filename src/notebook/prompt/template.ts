import { Liquid, LiquidError, type Template } from 'liquidjs'
import { nearest } from '../nearest.ts'
import { PROMPT_VARIABLES } from './variables.ts'

/** Something wrong in a template, and where. */
export class TemplateProblem extends Error {
  readonly kind: 'malformed' | 'unknown-variable' | 'unrenderable'
  /** 1-based, in the template. */
  readonly at: { line: number; column: number }
  /** Of a variable that is not known: its name, and one that may be meant. */
  readonly variable?: { name: string; near?: string }

  constructor(
    kind: TemplateProblem['kind'],
    message: string,
    { at, variable, cause }: Pick<TemplateProblem, 'at' | 'variable' | 'cause'>,
  ) {
    super(message, { cause })
    this.kind = kind
    this.at = at
    this.variable = variable
  }
}

const VARIABLES = Object.keys(PROMPT_VARIABLES)

const engine = new Liquid({
  strictVariables: true,
  strictFilters: true,
  ownPropertyOnly: true,
  // A template reads no files, and cannot run away.
  templates: {},
  parseLimit: 1e6,
  renderLimit: 2000,
  memoryLimit: 1e7,
  // The same words on every machine, because they are part of what a judge is asked.
  locale: 'en-US',
  timezoneOffset: 0,
})

/** Names of the filters and tags that a template may use. */
export const FILTERS: readonly string[] = Object.keys(engine.filters)
export const TAGS: readonly string[] = Object.keys(engine.tags)

/** A template that was parsed; `PromptTemplate` is opaque to its users. */
export type PromptTemplate = readonly Template[]

/** @throws TemplateProblem `malformed` */
export function parseTemplate(text: string): PromptTemplate {
  try {
    return engine.parse(text)
  } catch (error) {
    throw liquidProblem('malformed', error)
  }
}

/** Every use of a variable that a prompt does not have. */
export function unknownVariables(template: PromptTemplate): TemplateProblem[] {
  const { globals } = engine.analyzeSync([...template], { partials: false })
  return Object.entries(globals).flatMap(([name, uses]) => {
    if (VARIABLES.includes(name)) return []
    const near = nearest(name, VARIABLES)
    const message = `A prompt has no variable "${name}".${near ? ` Did you mean "${near}"?` : ''}`
    return uses.map(({ location: { row, col } }) => {
      const variable = { name, ...(near !== undefined && { near }) }
      return new TemplateProblem('unknown-variable', message, { at: { line: row, column: col }, variable })
    })
  })
}

/** @throws TemplateProblem `unrenderable` */
export function renderTemplate(template: PromptTemplate, variables: object): string {
  try {
    return engine.renderSync([...template], variables)
  } catch (error) {
    throw liquidProblem('unrenderable', error)
  }
}

function liquidProblem(kind: TemplateProblem['kind'], error: unknown): unknown {
  if (!LiquidError.is(error)) return error
  const [line, column] = error.token.getPosition()
  const [why] = (error.originalError?.message ?? error.message).split('\n')
  return new TemplateProblem(kind, why, { at: { line, column }, cause: error })
}
