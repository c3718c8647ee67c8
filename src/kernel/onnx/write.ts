import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf'
import {
  type AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  ModelProtoSchema,
  type NodeProtoSchema,
  type TensorProtoSchema,
  type ValueInfoProtoSchema,
} from 'onnx-buf'
import { ELEMENTS, toBytes } from './elements.ts'
import type { Attribute, Graph, Node, Tensor, ValueInfo } from './graph.ts'

/** The oldest IR version that allows each opset, so that older runtimes can still load the file. */
const IR_VERSIONS: [opset: number, ir: bigint][] = [
  [23, 11n],
  [21, 10n],
  [19, 9n],
  [15, 8n],
]

/**
 * Encodes a graph as an ONNX file. Tensors are stored as `raw_data`; a graph that is read and written again is equal.
 * One file holds at most 2 GiB, a limit of protobuf.
 */
export function writeGraph(graph: Graph): Uint8Array {
  const domains = new Set(graph.nodes.flatMap(node => node.domain ?? []))
  const model = create(ModelProtoSchema, {
    irVersion: IR_VERSIONS.find(([opset]) => graph.opset >= opset)?.[1] ?? 7n,
    producerName: 'mirage',
    opsetImport: [
      { domain: '', version: BigInt(graph.opset) },
      ...[...domains].map(domain => ({ domain, version: 1n })),
    ],
    graph: {
      name: graph.name,
      node: graph.nodes.map(node),
      initializer: [...graph.initializers].map(([name, tensor]) => ({ ...tensorProto(tensor), name })),
      input: graph.inputs.map(valueInfo),
      output: graph.outputs.map(valueInfo),
    },
    metadataProps: Object.entries(graph.metadata).map(([key, value]) => ({ key, value })),
  })
  return toBinary(ModelProtoSchema, model)
}

type Init<Schema extends Parameters<typeof create>[0]> = Exclude<
  MessageInitShape<Schema>,
  { $typeName: string }
>

function node(value: Node): Init<typeof NodeProtoSchema> {
  return {
    opType: value.op,
    domain: value.domain ?? '',
    name: value.name,
    input: value.inputs,
    output: value.outputs,
    attribute: Object.entries(value.attributes).map(([name, each]) => ({ name, ...attribute(each) })),
  }
}

function attribute(value: Attribute): Init<typeof AttributeProtoSchema> {
  if ('int' in value) return { type: AttributeType.INT, i: BigInt(value.int) }
  if ('float' in value) return { type: AttributeType.FLOAT, f: value.float }
  if ('string' in value) return { type: AttributeType.STRING, s: utf8(value.string) }
  if ('ints' in value) return { type: AttributeType.INTS, ints: value.ints.map(BigInt) }
  if ('floats' in value) return { type: AttributeType.FLOATS, floats: value.floats }
  if ('strings' in value) return { type: AttributeType.STRINGS, strings: value.strings.map(utf8) }
  return { type: AttributeType.TENSOR, t: tensorProto(value.tensor) }
}

function tensorProto(tensor: Tensor): Init<typeof TensorProtoSchema> {
  return {
    dataType: ELEMENTS[tensor.type].code,
    dims: tensor.dims.map(BigInt),
    rawData: toBytes(tensor.data),
  }
}

function valueInfo(value: ValueInfo): Init<typeof ValueInfoProtoSchema> {
  const shape = { dim: value.dims.map(dim => ({ value: dimension(dim) })) }
  const tensorType = { elemType: ELEMENTS[value.type].code, ...(value.anyRank ? {} : { shape }) }
  return { name: value.name, type: { value: { case: 'tensorType', value: tensorType } } }
}

function dimension(dim: number | string) {
  if (typeof dim === 'number') return { case: 'dimValue' as const, value: BigInt(dim) }
  return dim === '' ? { case: undefined } : { case: 'dimParam' as const, value: dim }
}

function utf8(value: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(value)
}
