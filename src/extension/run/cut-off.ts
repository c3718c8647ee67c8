import type { Outcome, Output } from '../../kernel/protocol/messages.ts'
import { MIME, type TrainingPayload } from '../../kernel/protocol/mime.ts'

/** What ends a cell without its kernel having a say. A failure of the training itself says what to do. */
const CUT = ['kernel-died', 'interrupt-forced']

const GOES_ON = 'It goes on from its last checkpoint when the cell is run again.'

/**
 * What an output shows once nothing more comes, for one that tells of something that goes on (a training); undefined for
 * any other.
 */
export function cutOff(output: Output, outcome: Outcome): Output | undefined {
  const state = outcome.kind === 'failed' ? 'failed' : 'stopped'
  const note = outcome.kind !== 'failed' || CUT.includes(outcome.error.code) ? GOES_ON : undefined
  let cut = false
  const items = output.items.map(item => {
    const payload = trainingOf(item)
    if (!payload || (payload.state !== 'running' && payload.state !== 'paused')) return item
    cut = true
    const { secondsLeft: _, ...rest } = payload
    const message = payload.message ?? note
    return { mime: MIME.training, json: { ...rest, state, ...(message !== undefined && { message }) } }
  })
  return cut ? { ...output, items } : undefined
}

function trainingOf(item: Output['items'][number]): TrainingPayload | undefined {
  return item.mime === MIME.training && 'json' in item ? (item.json as TrainingPayload) : undefined
}
