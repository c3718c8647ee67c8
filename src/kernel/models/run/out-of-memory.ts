/** True for what onnxruntime, CUDA and WebGPU throw when memory runs out. */
export function isOutOfMemory(error: unknown): boolean {
  const text = error instanceof Error ? error.message : String(error)
  return /out of memory|bad_alloc|failed to allocate|bfc_arena|alloc\w* failed|OUT_?OF_?MEMORY|array buffer allocation/i.test(
    text,
  )
}
