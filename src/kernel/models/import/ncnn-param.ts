import { MirageError } from '../../errors.ts'

/** One line of an ncnn `.param` file. */
export interface NcnnLayer {
  type: string
  name: string
  inputs: string[]
  outputs: string[]
  /** Parameters by number: `9=2` is 9, the array `-23310=1,0.2` is 10. A scalar is an array of one. */
  params: Map<number, number[]>
}

const MAGIC = '7767517'
/** Array parameters are written as -23300 minus their number, followed by a count. */
const ARRAY_BASE = -23300

/**
 * Parses the text form of an ncnn network
 * (https://github.com/Tencent/ncnn/wiki/param-and-model-file-structure).
 *
 * @throws MirageError `weights-unreadable` for a file that is cut or not of this form.
 */
export function parseNcnnParam(text: string): NcnnLayer[] {
  const lines = text.split(/\r?\n/).filter(line => line.trim() !== '')
  if (lines[0]?.trim() !== MAGIC) throw unreadable('it does not begin with the ncnn magic number')
  const declared = Number(lines[1]?.trim().split(/\s+/)[0])
  const layers = lines.slice(2).map(parseLayer)
  if (layers.length !== declared) {
    throw unreadable(`it declares ${declared} layers and holds ${layers.length}`)
  }
  return layers
}

function parseLayer(line: string): NcnnLayer {
  const [type, name, inputCount, outputCount, ...rest] = line.trim().split(/\s+/)
  const split = Number(inputCount)
  const end = split + Number(outputCount)
  if (!(end >= 1 && rest.length >= end)) throw unreadable(`its line "${line.trim()}" is not a layer`)
  return {
    type,
    name,
    inputs: rest.slice(0, split),
    outputs: rest.slice(split, end),
    params: new Map(rest.slice(end).map(parseParam)),
  }
}

function parseParam(text: string): [number, number[]] {
  const [key, values] = text.split('=')
  const number = Number(key)
  const parts = values?.split(',').map(Number) ?? []
  if (!Number.isInteger(number) || parts.length === 0 || parts.some(Number.isNaN)) {
    throw unreadable(`its parameter "${text}" is not a number`)
  }
  return number > ARRAY_BASE ? [number, parts] : [ARRAY_BASE - number, parts.slice(1)]
}

function unreadable(why: string): MirageError {
  return new MirageError({
    code: 'weights-unreadable',
    message: `This is not a complete ncnn .param file: ${why}.`,
    remedy: 'Fetch the file again and check its checksum.',
  })
}
