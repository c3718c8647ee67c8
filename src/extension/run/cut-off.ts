import type { Outcome, Output } from '../../kernel/protocol/messages.ts'
import { MIME, type TrainingPayload } from '../../kernel/protocol/mime.ts'

/** What ends a cell without its kernel having a say. A failure of the training itself says what to do. */
const CUT = ['kernel-died', 'interrupt-forced']

const GOES_ON = 'It goes on from its last checkpoint when the cell is run again.'

type Item = Output['items'][number]

/** Whether an output tells of something that goes on: a training. */
export const goesOn = (output: Output): boolean => output.items.some(item => trainingOf(item) !== undefined)

/** What an output that tells of something that goes on shows once nothing more comes. */
export function cutOff(output: Output, outcome: Exclude<Outcome, { kind: 'succeeded' }>): Output {
  const state = outcome.kind === 'failed' ? 'failed' : 'stopped'
  const note = outcome.kind !== 'failed' || CUT.includes(outcome.error.code) ? GOES_ON : undefined
  const items = output.items.map(item => {
    const payload = trainingOf(item)
    if (!payload) return item
    const { secondsLeft: _, ...rest } = payload
    const message = payload.message ?? note
    return { mime: MIME.training, json: { ...rest, state, ...(message !== undefined && { message }) } }
  })
  return { ...output, items }
}

/** The training that goes on, for the item of one. */
function trainingOf(item: Item): TrainingPayload | undefined {
  if (item.mime !== MIME.training || !('json' in item)) return undefined
  const payload = item.json as TrainingPayload
  return payload.state === 'running' || payload.state === 'paused' ? payload : undefined
}
