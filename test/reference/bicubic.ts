import type { Pixels } from '../../src/kernel/images/pixels.ts'

/** One output pixel at a time, straight from the definition; slow. */
export function bicubicReference(image: Pixels, width: number, height: number, antialias = true): number[] {
  const out: number[] = []
  for (let c = 0; c < image.channels; c++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        let sum = 0
        let total = 0
        for (const [row, wy] of neighbours(y, image.height, height, antialias)) {
          for (const [column, wx] of neighbours(x, image.width, width, antialias)) {
            sum += wy * wx * image.data[(c * image.height + row) * image.width + column]
            total += wy * wx
          }
        }
        out.push(sum / total)
      }
    }
  }
  return out
}

function* neighbours(i: number, from: number, to: number, antialias: boolean): Generator<[number, number]> {
  const ratio = from / to
  const width = antialias && ratio > 1 ? ratio : 1
  const centre = (i + 0.5) * ratio - 0.5
  for (let j = Math.ceil(centre - 2 * width); j <= centre + 2 * width; j++) {
    let inside = j
    while (inside < 0 || inside >= from) inside = inside < 0 ? -1 - inside : 2 * from - 1 - inside
    yield [inside, kernel((centre - j) / width)]
  }
}

/** Keys (1981), equation 15 with a = -1/2. */
function kernel(s: number): number {
  const x = Math.abs(s)
  if (x < 1) return 1.5 * x ** 3 - 2.5 * x ** 2 + 1
  if (x < 2) return -0.5 * x ** 3 + 2.5 * x ** 2 - 4 * x + 2
  return 0
}
