/**
 * A job runs inside a compute process. It may import sharp and onnxruntime-node; whoever asks for it must not.
 */
export interface JobDefinition<Params, Result, Progress = never> {
  run(params: Params, context: JobContext<Progress>): Promise<Result>
}

export interface JobContext<Progress> {
  /** Absolute root of the shared store. */
  storeRoot: string
  /** Checked between units of work (tiles, images, steps). */
  signal: AbortSignal
  report(progress: Progress): void
}
