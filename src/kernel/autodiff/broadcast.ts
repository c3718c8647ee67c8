/** The common shape of NumPy broadcasting, or undefined when the shapes do not fit. */
export function broadcast(...shapes: (readonly number[])[]): number[] | undefined {
  const rank = Math.max(0, ...shapes.map(dims => dims.length))
  const dims: number[] = []
  for (let axis = 0; axis < rank; axis++) {
    const sizes = shapes.map(shape => shape[axis - rank + shape.length] ?? 1).filter(size => size !== 1)
    if (sizes.some(size => size !== sizes[0])) return undefined
    dims.push(sizes[0] ?? 1)
  }
  return dims
}
