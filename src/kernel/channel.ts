/** Carries values from callbacks to one `for await`. */
export class Channel<T> implements AsyncIterable<T> {
  readonly #values: T[] = []
  #wake: (() => void) | undefined
  #ended = false
  #error: unknown

  push(value: T): void {
    this.#values.push(value)
    this.#wake?.()
  }

  end(): void {
    this.#ended = true
    this.#wake?.()
  }

  /** Ends it with an error, which is thrown after the values that were pushed before. */
  fail(error: unknown): void {
    this.#error ??= { error }
    this.end()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, unknown> {
    for (;;) {
      while (this.#values.length > 0) yield this.#values.shift() as T
      if (this.#ended) break
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
    if (this.#error) throw (this.#error as { error: unknown }).error
  }
}
