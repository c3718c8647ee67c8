/** Interleaved 8-bit RGB samples of a drawn LR image: waves of every direction and noise. `k` draws another one. */
export function drawnLr(width: number, height: number, k = 0): Uint8Array {
  return Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const [x, y, c] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width), i % 3]
    const wave = Math.sin(x / (3 + k + c)) * Math.cos(y / (5 + c)) + Math.sin((x + y * (c + 1)) / 9)
    return 128 + 48 * wave + ((Math.imul(i + 1, 2654435761) >>> 24) & 31)
  })
}
