import { fromBinary } from '@bufbuild/protobuf'
import {
  type AttributeProto,
  AttributeProto_AttributeType as AttributeType,
  TensorProto_DataLocation as DataLocation,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  TensorProto_DataType as ProtoType,
  type TensorProto,
  type ValueInfoProto,
} from 'onnx-buf'
import { MirageError } from '../errors.ts'
import { countOf, dataTypeOf, ELEMENTS, emptyArray, fromBytes } from './elements.ts'
import type { Attribute, DataType, Graph, Node, Tensor, ValueInfo } from './graph.ts'

/** What a model takes and gives, without its nodes and weights. */
export type Signature = Pick<Graph, 'name' | 'opset' | 'inputs' | 'outputs' | 'metadata'>

/**
 * Reads an ONNX file.
 *
 * @throws MirageError `model-unreadable` for a truncated or foreign file, `model-unsupported` for a valid one that
 * holds what a {@link Graph} does not (subgraphs, sparse or quantised element types, data outside the file).
 */
export function readGraph(bytes: Uint8Array): Graph {
  const model = decode(bytes)
  const graph = model.graph!
  const initializers = new Map<string, Tensor>()
  for (const proto of graph.initializer) initializers.set(proto.name, readTensor(proto))
  if (graph.sparseInitializer.length > 0) throw unsupported('sparse initializers')
  return { ...signatureOf(model), nodes: graph.node.map(readNode), initializers }
}

/**
 * Reads only the inputs, the outputs and the metadata, for graphs that {@link readGraph} may refuse.
 *
 * @throws MirageError `model-unreadable`
 */
export function readSignature(bytes: Uint8Array): Signature {
  return signatureOf(decode(bytes))
}

/**
 * Files beside the model that hold its large tensors, as it names them.
 *
 * @throws MirageError `model-unreadable`
 */
export function externalFiles(bytes: Uint8Array): string[] {
  const { initializer } = decode(bytes).graph!
  const names = initializer
    .filter(({ dataLocation }) => dataLocation === DataLocation.EXTERNAL)
    .flatMap(({ externalData }) => externalData.find(({ key }) => key === 'location')?.value ?? [])
  return [...new Set(names)].sort()
}

function decode(bytes: Uint8Array): ModelProto {
  let model: ModelProto
  try {
    model = fromBinary(ModelProtoSchema, bytes)
  } catch (cause) {
    throw unreadable('its protobuf encoding breaks off or is damaged', cause)
  }
  if (model.graph === undefined || model.irVersion === 0n) throw unreadable('it holds no ONNX graph')
  if (model.graph.output.length === 0) throw unreadable('its graph has no output')
  // The operator sets follow the graph in the file, so a file cut right after the graph lacks them.
  if (model.opsetImport.length === 0) throw unreadable('it names no operator set')
  return model
}

function signatureOf(model: ModelProto): Signature {
  const graph = model.graph!
  // Before IR version 4 every initializer was listed as an input too.
  const constant = new Set(graph.initializer.map(tensor => tensor.name))
  const opset = model.opsetImport.find(set => set.domain === '' || set.domain === 'ai.onnx')
  return {
    name: graph.name,
    opset: Number(opset?.version ?? 1n),
    inputs: graph.input.filter(input => !constant.has(input.name)).map(readValueInfo),
    outputs: graph.output.map(readValueInfo),
    metadata: Object.fromEntries(model.metadataProps.map(prop => [prop.key, prop.value])),
  }
}

function readValueInfo(proto: ValueInfoProto): ValueInfo {
  const kind = proto.type?.value
  if (kind?.case !== 'tensorType') throw unsupported(`the value "${proto.name}", which is not a tensor`)
  const { elemType, shape } = kind.value
  const info: ValueInfo = { name: proto.name, type: readType(elemType, proto.name), dims: [] }
  if (shape === undefined) return { ...info, anyRank: true }
  info.dims = shape.dim.map(({ value }) =>
    value.case === 'dimValue' ? Number(value.value) : (value.value ?? ''),
  )
  return info
}

function readNode(proto: NodeProto): Node {
  const node: Node = {
    op: proto.opType,
    name: proto.name,
    inputs: [...proto.input],
    outputs: [...proto.output],
    attributes: Object.fromEntries(proto.attribute.map(each => [each.name, readAttribute(each, proto)])),
  }
  if (proto.domain !== '' && proto.domain !== 'ai.onnx') node.domain = proto.domain
  return node
}

const ATTRIBUTES: Partial<Record<AttributeType, (proto: AttributeProto) => Attribute>> = {
  [AttributeType.INT]: proto => ({ int: Number(proto.i) }),
  [AttributeType.FLOAT]: proto => ({ float: proto.f }),
  [AttributeType.STRING]: proto => ({ string: text(proto.s) }),
  [AttributeType.INTS]: proto => ({ ints: proto.ints.map(Number) }),
  [AttributeType.FLOATS]: proto => ({ floats: [...proto.floats] }),
  [AttributeType.STRINGS]: proto => ({ strings: proto.strings.map(text) }),
  [AttributeType.TENSOR]: proto => ({ tensor: readTensor(proto.t!) }),
}

function readAttribute(proto: AttributeProto, node: NodeProto): Attribute {
  const read = ATTRIBUTES[proto.type]
  if (read === undefined) throw unsupported(`a ${node.opType} node with a subgraph ("${proto.name}")`)
  return read(proto)
}

function readTensor(proto: TensorProto): Tensor {
  if (proto.dataLocation === DataLocation.EXTERNAL) {
    throw unsupported(`the tensor "${proto.name}", whose data lies in another file`)
  }
  const type = readType(proto.dataType, proto.name)
  const dims = proto.dims.map(Number)
  const count = countOf(dims)
  const data = proto.rawData.length > 0 ? readRaw(proto, type) : readFields(proto, type)
  if (data.length !== count) {
    throw unreadable(`tensor "${proto.name}" has ${data.length} elements where its shape needs ${count}`)
  }
  return { type, dims, data }
}

function readRaw(proto: TensorProto, type: DataType): Tensor['data'] {
  const size = ELEMENTS[type].Data.BYTES_PER_ELEMENT
  if (proto.rawData.length % size !== 0) throw unreadable(`tensor "${proto.name}" ends within an element`)
  return fromBytes(type, proto.rawData)
}

/** Small tensors may be stored in the typed fields; the narrow types and fp16 bits share `int32_data`. */
function readFields(proto: TensorProto, type: DataType): Tensor['data'] {
  if (type === 'float32') return Float32Array.from(proto.floatData)
  if (type === 'float64') return Float64Array.from(proto.doubleData)
  if (type === 'int64') return BigInt64Array.from(proto.int64Data)
  const data = emptyArray(type, proto.int32Data.length) as Uint8Array
  data.set(proto.int32Data)
  return data
}

function readType(code: number, name: string): DataType {
  const type = dataTypeOf(code)
  if (type === undefined) throw unsupported(`"${name}" of element type ${ProtoType[code] ?? code}`)
  return type
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}

function unreadable(why: string, cause?: unknown): MirageError {
  return new MirageError(
    {
      code: 'model-unreadable',
      message: `This is not a complete ONNX model: ${why}.`,
      remedy: 'Copy or download the file again, and check its size and checksum.',
    },
    { cause },
  )
}

function unsupported(what: string): MirageError {
  return new MirageError({
    code: 'model-unsupported',
    message: `The graph holds ${what}, which Mirage does not read.`,
    remedy:
      'Export the model again as one self-contained ONNX file of plain tensor operators (opset 17 or 18).',
  })
}
