/**
 * Money that a cell may spend, in US dollars, counting what its answers have cost before. Calls reserve their estimate
 * first, so that many at once do not overspend.
 */
export class Budget {
  readonly limit: number | undefined
  /** The limit in words. */
  readonly text: string
  #spent = 0
  #reserved = 0

  /** @param share share of the cell's rows, and so of its money, that this run has */
  constructor(limit: number | undefined, share = 1) {
    this.limit = limit === undefined ? undefined : limit * share
    this.text = share === 1 ? `the budget of $${limit}` : `this part's share of the budget of $${limit}`
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
