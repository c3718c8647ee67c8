import { MirageError } from '../errors.ts'
import type { StepContext } from '../step.ts'
import type { Value } from '../value.ts'

/** What a cell reads, by name. */
export type Inputs = Map<string, { value: Value; hash: string }>

export type ContextParts = Omit<StepContext, 'hasInput' | 'inputHash' | 'input'> & { inputs: Inputs }

/** A step's context over the results that its cell reads. */
export function createContext({ inputs, ...parts }: ContextParts): StepContext {
  const need = (name: string) => {
    const input = inputs.get(name)
    if (input) return input
    throw new MirageError({
      code: 'result-unknown',
      message: `No earlier cell defines "${name}".`,
      remedy: `Results that this cell can read: ${[...inputs.keys()].join(', ') || 'none'}.`,
      cell: parts.cell,
    })
  }
  return {
    ...parts,
    hasInput: name => inputs.has(name),
    inputHash: name => need(name).hash,
    input<K extends Value['kind']>(name: string, kind: K): Extract<Value, { kind: K }> {
      const { value } = need(name)
      if (value.kind === kind) return value as Extract<Value, { kind: K }>
      throw new MirageError({
        code: 'result-kind',
        message: `"${name}" is a ${value.kind}, and a ${kind} is needed here.`,
        remedy: `Name a result of kind ${kind}.`,
        cell: parts.cell,
      })
    },
  }
}
