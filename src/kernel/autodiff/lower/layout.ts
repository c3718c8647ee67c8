import { countOf } from '../../onnx/elements.ts'
import { axisOf, int, ints, text } from '../attributes.ts'
import * as o from '../ops.ts'
import { fromTensor, toTensor } from '../reference/array.ts'
import { allPads, LAYOUT as REFERENCE, splitSizes, unsqueezed } from '../reference/layout.ts'
import type { Value } from '../tape.ts'
import type { Lower, Site } from './types.ts'
import { unsupported } from './unsupported.ts'

/** Elements of a constant input; undefined where it is omitted. */
function elements(site: Site, input: number): number[] | undefined {
  const value = site.inputs[input]
  if (!value) return undefined
  if (!value.constant) throw unsupported(site, `with an input "${value.name}" that is not constant`)
  return [...fromTensor(value.constant).data]
}

const axesOf = (site: Site) =>
  elements(site, 1) ?? (site.attributes.axes && [...ints(site.attributes, 'axes', [])])

/** The operator as it is, for what can be trained through of its forms. */
const only =
  (refused: (site: Site) => string | undefined): Lower =>
  site => {
    const { tape, op, name, inputs, attributes } = site
    const what = refused(site)
    if (what !== undefined) throw unsupported(site, what)
    return tape.op(op, inputs, attributes, name)
  }

const reference: Lower = ({ tape, op, attributes, outputs, name }) =>
  REFERENCE[op]([], attributes, outputs).map(value => tape.constant(toTensor(value), name))

/** Constants, shapes and operators that only move elements. */
export const LAYOUT: Record<string, Lower> = {
  Identity: ({ x }) => x,
  Dropout: ({ x }) => x,
  Constant: site => {
    const { value } = site.attributes
    return value && 'tensor' in value ? site.tape.constant(value.tensor, site.name) : reference(site)
  },
  ConstantOfShape: site => {
    const { value } = site.attributes
    const fill = value && 'tensor' in value ? { ...value.tensor, dims: [] } : undefined
    return o.expand(fill ? site.tape.constant(fill) : site.tape.scalar(0), elements(site, 0)!)
  },
  Shape: ({ tape, x, attributes }) =>
    tape.vector(x.dims.slice(int(attributes, 'start', 0), int(attributes, 'end', x.dims.length))),
  Size: ({ tape, x }) => tape.scalar(countOf(x.dims), 'int64'),
  CastLike: ({ x, y }) => o.cast(x, y.type),
  Flatten: ({ x, attributes }) => {
    const axis = axisOf(int(attributes, 'axis', 1), x.dims.length)
    return o.reshape(x, [countOf(x.dims.slice(0, axis)), countOf(x.dims.slice(axis))])
  },
  Squeeze: site => {
    const { dims } = site.x
    const axes = axesOf(site)?.map(axis => axisOf(axis, dims.length))
    return o.reshape(
      site.x,
      dims.filter((size, axis) => (axes ? !axes.includes(axis) : size !== 1)),
    )
  },
  Unsqueeze: site => o.reshape(site.x, unsqueezed(site.x.dims, axesOf(site)!)),
  /** Slices, because WebGPU cannot bind the many outputs of a wide Split. */
  Split: site => {
    const { x, attributes, outputs } = site
    const axis = axisOf(int(attributes, 'axis', 0), x.dims.length)
    const given = elements(site, 1) ?? ints(attributes, 'split', [])
    let start = 0
    return splitSizes(x.dims[axis], given, outputs).map(size => {
      const part = o.slice(x, axis, start, start + size)
      start += size
      return part
    })
  },
  Pad: site => {
    const { tape, x, inputs, attributes, name } = site
    const pads = allPads(x.dims.length, elements(site, 1)!, elements(site, 3))
    const mode = { string: text(attributes, 'mode', 'constant') }
    return tape.op('Pad', [x, tape.vector(pads), inputs[2]], { mode }, name)
  },
  Transpose: ({ x, attributes }) =>
    o.transpose(
      x,
      ints(
        attributes,
        'perm',
        x.dims.map((_, axis) => x.dims.length - 1 - axis),
      ),
    ),
  Concat: ({ inputs, x, attributes }) =>
    o.concat(inputs as Value[], axisOf(int(attributes, 'axis', 0), x.dims.length)),
  GatherND: only(({ attributes }) =>
    int(attributes, 'batch_dims', 0) === 0 ? undefined : 'with batch_dims',
  ),
  ScatterND: only(({ attributes }) => {
    const reduction = text(attributes, 'reduction', 'none')
    return ['none', 'add'].includes(reduction) ? undefined : `with reduction ${reduction}`
  }),
  Einsum: only(({ attributes }) =>
    text(attributes, 'equation', '').includes('.') ? 'with an ellipsis' : undefined,
  ),
}
