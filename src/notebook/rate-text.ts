/** A rate in two digits at least, never with an exponent: 0.43, 7.2, 118. */
export function rateText(rate: number): string {
  return rate >= 10 ? String(Math.round(rate)) : rate.toPrecision(2)
}
