import fQuantile from '@stdlib/stats-base-dists-f-quantile'
import normalCdf from '@stdlib/stats-base-dists-normal-cdf'
import normalQuantile from '@stdlib/stats-base-dists-normal-quantile'
import tCdf from '@stdlib/stats-base-dists-t-cdf'
import tQuantile from '@stdlib/stats-base-dists-t-quantile'

/** P(Z <= z) of the standard normal distribution. */
export const normalBelow = (z: number): number => normalCdf(z, 0, 1)

/** The z below which the standard normal distribution has probability p. */
export const normalAt = (p: number): number => normalQuantile(p, 0, 1)

/** Two-sided p of a standard normal statistic. */
export const normalTwoSided = (z: number): number => 2 * normalCdf(-Math.abs(z), 0, 1)

/** Two-sided p of Student's t. */
export const tTwoSided = (t: number, degrees: number): number => 2 * tCdf(-Math.abs(t), degrees)

/** The t below which Student's distribution has probability p. */
export const tAt = (p: number, degrees: number): number => tQuantile(p, degrees)

/** The F below which Fisher's distribution has probability p. */
export const fAt = (p: number, numerator: number, denominator: number): number =>
  fQuantile(p, numerator, denominator)
