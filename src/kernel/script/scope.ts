import type { StepContext, StepDefinition, StepEvent, StepResult } from '../step.ts'
import { hashOf } from '../store/canonical.ts'
import type { Value } from '../value.ts'

/** What a script cell sees besides the language: the named results, the steps as functions, and ways to show things. */
export interface ScriptScope {
  /** Named results of earlier cells, by name; each is also a constant of its own name. */
  results: Record<string, unknown>
  /** Steps as functions: `await steps.metrics({ of: table, use: ['psnr'] })` gives the step's result. */
  steps: Record<string, (params: Record<string, unknown>) => Promise<unknown>>
  /** Shows a table, a Vega-Lite specification, encoded image bytes, or anything else as JSON. */
  show(value: unknown): void
  /** Seed of the study. */
  seed: number
  /** Aborts when the cell is interrupted. */
  signal: AbortSignal
}

export interface ScopeOptions {
  context: StepContext
  /** Names that the script may use. */
  names: readonly string[]
  steps: Readonly<Record<string, StepDefinition>>
  emit(event: StepEvent): void
  show(value: unknown): void
}

export function createScope({ context, names, steps, emit, show }: ScopeOptions): ScriptScope {
  const given = names.filter(name => context.hasInput(name))
  const results = Object.fromEntries(given.map(name => [name, plain(anyInput(context, name))]))
  const callable = Object.entries(steps).map(
    ([name, step]) =>
      [name, (params: Record<string, unknown>) => callStep(step, params, context, emit)] as const,
  )
  return { results, steps: Object.fromEntries(callable), show, seed: context.seed, signal: context.signal }
}

const KINDS = ['table', 'prompt', 'model', 'proxy', 'json'] as const

function anyInput(context: StepContext, name: string): Value {
  for (const kind of KINDS) {
    try {
      return context.input(name, kind)
    } catch {
      // Of another kind.
    }
  }
  throw new TypeError(`"${name}" has no value`)
}

/** A copy, so that a script cannot change the result of another cell. */
const plain = (value: Value) => structuredClone(value.kind === 'json' ? value.value : value)

/** Runs a step on values instead of names: a table among the parameters becomes a result with a name of its own. */
async function callStep(
  step: StepDefinition,
  params: Record<string, unknown>,
  context: StepContext,
  emit: (event: StepEvent) => void,
): Promise<unknown> {
  const values = new Map<string, Value>()
  const named = Object.entries(params).map(([key, value]) => {
    if (!isValue(value)) return [key, value] as const
    const name = `value_${values.size}`
    values.set(name, value)
    return [key, name] as const
  })
  const parsed = step.params.parse(Object.fromEntries(named))
  const inner: StepContext = {
    ...context,
    hasInput: name => values.has(name) || context.hasInput(name),
    inputHash: name => (values.has(name) ? hashOf(values.get(name)) : context.inputHash(name)),
    input: (name, kind) => {
      const own = values.get(name)
      return own?.kind === kind ? (own as never) : context.input(name, kind)
    },
  }
  const generator = step.run(parsed, inner)
  for (;;) {
    const { done, value } = await generator.next()
    if (done) return (value as StepResult).value
    if (value.type !== 'stage') emit(value)
  }
}

const isValue = (value: unknown): value is Value =>
  typeof value === 'object' && value !== null && KINDS.includes((value as { kind?: never }).kind as never)
