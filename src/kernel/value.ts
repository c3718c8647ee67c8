import type { ColumnInfo, Finding, ImageRef, Overlay, Scalar } from './protocol/mime.ts'

/** What a result name is bound to. Values are plain JSON; pixels and long texts stay in the store, by hash. */
export type Value = StudyTable | PromptValue | ModelValue | ProxyValue | JsonValue

/**
 * The central value: a row per (image id x method). Steps return a new table with more columns or rows; nothing is
 * changed in place.
 */
export interface StudyTable {
  kind: 'table'
  /** LR to GT side ratio, where known. */
  scale?: number
  columns: ColumnInfo[]
  rows: Row[]
}

export interface Row {
  /** Image id: the file name without extension that LR, GT and SR share. */
  id: string
  /** Name of the SR method; null for a triplet without any SR yet. */
  method: string | null
  /** Sampling seed, for methods with noise. */
  seed?: number
  images: { lr?: ImageRef; gt?: ImageRef; sr?: ImageRef }
  values: Record<string, Scalar>
  /** Why a value is null, by column name. */
  missing?: Record<string, string>
  overlays?: Overlay[]
  findings?: Finding[]
  tags?: string[]
}

/** A prompt cell, bound to its `prompt=NAME`. */
export interface PromptValue {
  kind: 'prompt'
  name: string
  /** The cell's text, front matter included. */
  text: string
}

/** A model that a step made (`train`), usable by name in `infer`. */
export interface ModelValue {
  kind: 'model'
  name: string
  /** Store hash of the ONNX file. */
  onnx: string
  manifest: Record<string, unknown>
}

/** A calibrated estimate of HS from other columns (`calibrate`). */
export interface ProxyValue {
  kind: 'proxy'
  name: string
  /** Parameters and cross-validated figures; read by `kernel/stats`. */
  model: Record<string, unknown>
}

export interface JsonValue {
  kind: 'json'
  value: unknown
}
