/**
 * Money that a cell may spend, in US dollars, counting what its answers have cost before. Calls reserve their estimate
 * first, so that many at once do not overspend.
 */
export class Budget {
  readonly limit: number | undefined
  #spent = 0
  #reserved = 0

  constructor(limit: number | undefined) {
    this.limit = limit
  }

  get spent(): number {
    return this.#spent
  }

  /** False when the limit would be passed; otherwise the estimate is set aside until `settle`. */
  reserve(estimate: number): boolean {
    if (this.limit !== undefined && this.#spent + this.#reserved + estimate > this.limit) return false
    this.#reserved += estimate
    return true
  }

  /** Replaces a reservation by what was really spent. */
  settle(estimate: number, cost: number): void {
    this.#reserved -= estimate
    this.#spent += cost
  }
}
