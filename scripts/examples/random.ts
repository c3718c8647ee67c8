/** Seeded randomness made of integer operations, so that every machine draws the same picture. */

function mix(value: number): number {
  let x = value | 0
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d)
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b)
  return (x ^ (x >>> 16)) >>> 0
}

/** A number in 0..1 for a lattice point. */
export function hash(x: number, y: number, seed: number): number {
  return mix(mix(mix(seed) ^ (x | 0)) ^ Math.imul(y | 0, 0x9e3779b1)) / 4294967296
}

/** A stream of numbers in 0..1. */
export function stream(seed: number): () => number {
  let state = mix(seed + 1)
  return () => {
    state = (state + 0x9e3779b9) | 0
    return mix(state) / 4294967296
  }
}

/** A stream of normally distributed numbers (Box-Muller), mean 0 and deviation 1. */
export function normals(seed: number): () => number {
  const next = stream(seed)
  return () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())
}

/** Value noise in 0..1 with features of about one unit. */
export function noise(x: number, y: number, seed: number): number {
  const ix = Math.floor(x)
  const iy = Math.floor(y)
  const fx = fade(x - ix)
  const fy = fade(y - iy)
  const top = hash(ix, iy, seed) * (1 - fx) + hash(ix + 1, iy, seed) * fx
  const bottom = hash(ix, iy + 1, seed) * (1 - fx) + hash(ix + 1, iy + 1, seed) * fx
  return top * (1 - fy) + bottom * fy
}

/** Sum of octaves of noise, in 0..1 around 0.5. */
export function fractal(x: number, y: number, seed: number, octaves = 4): number {
  let sum = 0
  let weight = 1
  let scale = 1
  let total = 0
  for (let i = 0; i < octaves; i++) {
    sum += weight * noise(x * scale + i * 17.3, y * scale - i * 9.1, seed + i)
    total += weight
    weight *= 0.5
    scale *= 2
  }
  return sum / total
}

/** Distances to the nearest and second nearest of points scattered one per unit square. */
export function cells(x: number, y: number, seed: number): { near: number; next: number; id: number } {
  let near = 9
  let next = 9
  let id = 0
  const ix = Math.floor(x)
  const iy = Math.floor(y)
  for (let j = iy - 1; j <= iy + 1; j++)
    for (let i = ix - 1; i <= ix + 1; i++) {
      const distance = Math.hypot(i + hash(i, j, seed) - x, j + hash(i, j, seed + 1) - y)
      if (distance < near) {
        next = near
        near = distance
        id = hash(i, j, seed + 2)
      } else if (distance < next) next = distance
    }
  return { near, next, id }
}

function fade(t: number): number {
  return t * t * t * (t * (t * 6 - 15) + 10)
}
