/** How one axis of an image is cut: tiles of equal size, evenly spread, in LR pixels. */
export interface AxisPlan {
  /** Length of the image along the axis. */
  length: number
  /** Size of every tile; larger than `length` where a network needs more pixels than there are. */
  size: number
  /** First pixel of each tile. All tiles but a lone padded one lie inside the image. */
  starts: number[]
}

export interface AxisNeeds {
  /** Largest tile wanted. */
  tile: number
  /** Pixels that neighbours share at least. */
  overlap: number
  /** Tile sizes are a multiple of this. */
  multiple: number
  minimum: number
  /** The one size that a network of fixed shape takes. */
  fixed?: number
}

/** Cuts an axis of `length` pixels. The overlap must be smaller than the tile. */
export function planAxis(length: number, needs: AxisNeeds): AxisPlan {
  const { overlap, multiple, minimum, fixed } = needs
  const roundUp = (size: number) => Math.ceil(Math.max(size, minimum) / multiple) * multiple
  const most = fixed ?? Math.max(roundUp(1), Math.floor(needs.tile / multiple) * multiple)
  if (length <= most) return { length, size: fixed ?? roundUp(length), starts: [0] }
  if (overlap >= most) throw new RangeError(`an overlap of ${overlap} leaves nothing of a tile of ${most}`)
  // One pixel more than asked, because starts are rounded down.
  const shared = overlap + 1 < most ? overlap + 1 : overlap
  const count = Math.ceil((length - shared) / (most - shared))
  const size = fixed ?? Math.min(most, roundUp(Math.ceil((length + (count - 1) * shared) / count)))
  const starts = Array.from({ length: count }, (_, i) => Math.floor((i * (length - size)) / (count - 1)))
  return { length, size, starts }
}

/**
 * Blending weights of each tile along an axis, at `scale` times its resolution. Where tiles overlap, one fades into the
 * next linearly over the middle half of the overlap; its outer quarters, which the padding at a tile's border reaches
 * most, belong to the other tile alone. At every pixel of the image the weights of all tiles sum to 1, so equal tiles
 * leave no seam.
 */
export function blendWeights(plan: AxisPlan, scale: number): Float32Array[] {
  const { length, size, starts } = plan
  const weights = starts.map((start, k) => {
    const before = k > 0 ? starts[k - 1] + size - start : 0
    const after = k + 1 < starts.length ? start + size - starts[k + 1] : 0
    return Float32Array.from({ length: size * scale }, (_, p) => {
      const at = (p + 0.5) / scale
      return Math.min(ramp(at, before), ramp(size - at, after))
    })
  })
  const sums = new Float32Array(length * scale)
  const each = (visit: (k: number, p: number, at: number) => void) => {
    for (let k = 0; k < starts.length; k++) {
      const end = Math.min(size, length - starts[k]) * scale
      for (let p = 0; p < end; p++) visit(k, p, starts[k] * scale + p)
    }
  }
  each((k, p, at) => {
    sums[at] += weights[k][p]
  })
  each((k, p, at) => {
    weights[k][p] /= sums[at]
  })
  return weights
}

/** 0 to 1 over the middle half of an overlap that begins at 0. */
function ramp(distance: number, overlap: number): number {
  if (overlap <= 0) return 1
  return Math.min(1, Math.max(0, (distance - overlap / 4) / (overlap / 2)))
}
