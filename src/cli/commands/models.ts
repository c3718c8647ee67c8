import { resolve } from 'node:path'
import type { CellEvent } from '../../kernel/protocol/messages.ts'
import { withKernel } from '../kernel.ts'
import { type Command, parseWords, UsageError } from '../usage.ts'

const usage = `mirage models list [--json]
mirage models add SOURCE --id NAME [--sha256 HEX] [--offline]
                  [--range 0..1] [--scale 4] [--kind gan] [--layout nchw] [--colour rgb] [--licence TEXT]
mirage models remove NAME

add takes an ONNX file from SOURCE: an https:// address, hf:owner/name[@revision]/path on Hugging Face, or a path. A
broken download is continued; files that hold large tensors come along. It is checked and kept for every study of this
user, who then writes "model: NAME". What the file does not say of itself is given here.`

const VERBS: Record<string, (words: string[]) => Promise<number>> = { list, add, remove }

export const models: Command = {
  summary: 'Lists the models that a study can name; adds and removes your own.',
  usage,
  run([verb, ...words]) {
    if (!Object.hasOwn(VERBS, verb ?? '')) throw new UsageError('"mirage models" needs a verb.', usage)
    return VERBS[verb](words)
  },
}

function list(words: string[]): Promise<number> {
  const { values } = parseWords(words, { json: { type: 'boolean' } }, usage)
  return withKernel({ onEvent() {} }, async kernel => {
    const { models: found } = await kernel.request('models', {})
    if (values.json) {
      console.log(JSON.stringify(found, null, 2))
      return 0
    }
    for (const model of found) {
      const size = model.bytes === null ? '' : `${(model.bytes / 1e6).toFixed(1)} MB`
      console.log(
        `${model.id.padEnd(24)} x${model.scale || '?'}  ${size.padStart(8)}  ${model.state.padEnd(14)} ${model.licence}`,
      )
      console.log(`${''.padEnd(24)} ${model.summary} (${model.source})`)
    }
    return 0
  })
}

function add(words: string[]): Promise<number> {
  const text = { type: 'string' } as const
  const options = { id: text, sha256: text, offline: { type: 'boolean' } as const }
  const said = { range: text, scale: text, kind: text, layout: text, colour: text, licence: text }
  const { values, positionals } = parseWords(words, { ...options, ...said }, usage)
  const [from] = positionals
  const { id, sha256, offline, scale, ...manifest } = values
  if (positionals.length !== 1 || id === undefined)
    throw new UsageError('Name one address or file, and an --id.', usage)
  const onEvent = arrivals(id)
  return withKernel({ onEvent }, async kernel => {
    const added = await kernel.request('addModel', {
      from: /^(https?|hf):/.test(from) ? from : resolve(from),
      id,
      sha256,
      offline,
      manifest: { ...manifest, ...(scale !== undefined && { scale: Number(scale) }) },
    })
    console.log(`${id} is in ${added.path}\nsha256 ${added.sha256}`)
    if (added.missing.length > 0) {
      const example = added.missing.map(name => `--${name} ...`).join(' ')
      console.log(`It does not say its ${added.missing.join(', ')}: add it again with ${example}`)
    }
    return 0
  })
}

/** Tells how much of a file has arrived: on a line that moves in a terminal, in steps of a tenth elsewhere. */
function arrivals(id: string): (event: CellEvent) => void {
  let tenth = -1
  return event => {
    if (event.type !== 'progress') return
    const { done, total } = event
    const share = total > 0 ? done / total : 0
    const text = `${id}: ${done.toFixed(1)}${total > 0 ? ` of ${total.toFixed(1)}` : ''} MB`
    if (process.stderr.isTTY) process.stderr.write(`\r${text}${share === 1 ? '\n' : ''}`)
    else if (Math.floor(share * 10) > tenth) {
      tenth = Math.floor(share * 10)
      console.error(text)
    }
  }
}

function remove(words: string[]): Promise<number> {
  const { positionals } = parseWords(words, {}, usage)
  if (positionals.length !== 1) throw new UsageError('Name one model.', usage)
  return withKernel({ onEvent() {} }, async kernel => {
    await kernel.request('removeModel', { id: positionals[0] })
    console.log(`${positionals[0]} is removed.`)
    return 0
  })
}
