import type { LockDifference } from '../../notebook/lock-diff.ts'
import type { ErrorInfo } from '../errors.ts'
import type { ValueDifference } from '../session/compare-values.ts'

/** One cell of a verification: why its result may differ, and what does. */
export interface VerifiedCell {
  cell: string
  verdict: 'equal' | 'differs' | 'failed' | 'not run' | 'not in the lock'
  causes: LockDifference[]
  differences: ValueDifference[]
  error?: ErrorInfo
}
