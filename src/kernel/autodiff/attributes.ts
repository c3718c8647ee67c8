import type { Attribute } from '../onnx/graph.ts'

export type Attributes = Readonly<Record<string, Attribute>>

/** An attribute of a node, or its default. A value of another kind counts as absent. */
export function int(attributes: Attributes, name: string, fallback: number): number {
  const value = attributes[name]
  return value && 'int' in value ? value.int : fallback
}

export function float(attributes: Attributes, name: string, fallback: number): number {
  const value = attributes[name]
  return value && 'float' in value ? value.float : fallback
}

export function text(attributes: Attributes, name: string, fallback: string): string {
  const value = attributes[name]
  return value && 'string' in value ? value.string : fallback
}

export function ints(attributes: Attributes, name: string, fallback: readonly number[]): readonly number[] {
  const value = attributes[name]
  return value && 'ints' in value ? value.ints : fallback
}

/** A non-negative axis: ONNX counts negative ones from the end. */
export function axisOf(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis
}
