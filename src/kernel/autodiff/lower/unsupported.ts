import { MirageError } from '../../errors.ts'

export function unsupported({ op, name }: { op: string; name: string }, what: string): MirageError {
  return new MirageError({
    code: 'operator-unsupported',
    message: `${op} (node "${name}") ${what} is not among what Mirage can train through.`,
    remedy: 'Export the model with standard ONNX operators at operator set 17 or 18.',
  })
}
