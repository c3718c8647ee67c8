/**
 * Solves A x = b for a symmetric positive definite A (row by row), or returns undefined where A is not, within
 * rounding, positive definite.
 */
export function choleskySolve(a: readonly (readonly number[])[], b: readonly number[]): number[] | undefined {
  const n = b.length
  const l = a.map(row => [...row])
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i][j]
      for (let k = 0; k < j; k++) sum -= l[i][k] * l[j][k]
      if (i === j) {
        if (!(sum > a[i][i] * 1e-13)) return undefined
        l[i][i] = Math.sqrt(sum)
      } else l[i][j] = sum / l[j][j]
    }
  }
  const x = [...b]
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) x[i] -= l[i][k] * x[k]
    x[i] /= l[i][i]
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) x[i] -= l[k][i] * x[k]
    x[i] /= l[i][i]
  }
  return x
}
