import { MirageError } from '../../errors.ts'
import { dataTypeOf } from '../../onnx/elements.ts'
import { int } from '../attributes.ts'
import { broadcast } from '../broadcast.ts'
import type { ShapeQuery, ShapeRule, Signature } from './types.ts'

/** Broadcasts some inputs, or says which shapes do not fit. */
export function broadcastOf({ op, name, inputs }: ShapeQuery): number[] {
  const shapes = inputs.filter(input => input !== undefined).map(input => input.dims)
  const dims = broadcast(...shapes)
  if (dims) return dims
  throw new MirageError({
    code: 'shape-mismatch',
    message: `The inputs of ${op} (node "${name}") do not broadcast: ${shapes.map(s => `[${s.join(', ')}]`).join(' and ')}.`,
    remedy: 'Check the crop size and the batch size against what the model takes.',
  })
}

export const same: ShapeRule = ({ inputs: [x] }) => [x as Signature]
const wide: ShapeRule = query => [{ type: query.inputs[0]!.type, dims: broadcastOf(query) }]
const truth: ShapeRule = query => [{ type: 'bool', dims: broadcastOf(query) }]

export const UNARY = [
  ...[
    'Neg',
    'Abs',
    'Exp',
    'Log',
    'Sqrt',
    'Sin',
    'Cos',
    'Reciprocal',
    'Erf',
    'Sigmoid',
    'Tanh',
    'Softplus',
    'Relu',
  ],
  ...['LeakyRelu', 'Elu', 'HardSigmoid', 'Floor', 'Ceil', 'Round', 'Sign', 'Not'],
]
const WIDE = ['Add', 'Sub', 'Mul', 'Div', 'Pow', 'Mod', 'Max', 'Min']
const TRUTH = ['Equal', 'Less', 'LessOrEqual', 'Greater', 'GreaterOrEqual', 'And', 'Or', 'Xor']

const all = (names: readonly string[], rule: ShapeRule) => Object.fromEntries(names.map(name => [name, rule]))

export const ELEMENTWISE: Record<string, ShapeRule> = {
  ...all(UNARY, same),
  ...all(WIDE, wide),
  ...all(TRUTH, truth),
  Clip: same,
  Where: query => [{ type: query.inputs[1]!.type, dims: broadcastOf(query) }],
  Cast: ({ inputs: [x], attributes }) => [
    { type: dataTypeOf(int(attributes, 'to', 1)) ?? 'float32', dims: x!.dims },
  ],
}
