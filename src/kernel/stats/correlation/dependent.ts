import { normalTwoSided } from '../distributions.ts'

export interface DependentTest {
  /** Positive where the first correlation is the larger. */
  z: number
  /** Two-sided. */
  p: number
}

/**
 * Steiger's Z for two correlations that share y ("Tests for comparing elements of a correlation matrix", Psychological
 * Bulletin 1980, with the average of the two correlations in the covariance). Assumes independent rows.
 *
 * @param r1 correlation of x1 with y
 * @param r2 correlation of x2 with y
 * @param r12 correlation of x1 with x2
 * @param n rows, more than 3
 */
export function steiger(r1: number, r2: number, r12: number, n: number): DependentTest {
  const mean = (r1 + r2) / 2
  const covariance =
    (r12 * (1 - 2 * mean ** 2) - 0.5 * mean ** 2 * (1 - 2 * mean ** 2 - r12 ** 2)) / (1 - mean ** 2) ** 2
  return tested(((Math.atanh(r1) - Math.atanh(r2)) * Math.sqrt(n - 3)) / Math.sqrt(2 * (1 - covariance)))
}

/** The test of Meng, Rosenthal and Rubin ("Comparing correlated correlation coefficients", 1992); arguments as above. */
export function meng(r1: number, r2: number, r12: number, n: number): DependentTest {
  const squares = (r1 ** 2 + r2 ** 2) / 2
  const f = Math.min(1, (1 - r12) / (2 * (1 - squares)))
  const h = (1 - f * squares) / (1 - squares)
  return tested((Math.atanh(r1) - Math.atanh(r2)) * Math.sqrt((n - 3) / (2 * (1 - r12) * h)))
}

const tested = (z: number): DependentTest => ({ z, p: normalTwoSided(z) })
