/** The pairs that are left for a rater, in an order of their own that does not change when they come back. */
export function orderFor<T extends { key: string }>(pairs: readonly T[], rater: string): T[] {
  return pairs
    .map(pair => ({ pair, place: scramble(`${rater}\n${pair.key}`) }))
    .sort((a, b) => a.place - b.place || (a.pair.key < b.pair.key ? -1 : 1))
    .map(({ pair }) => pair)
}

/** FNV-1a with the finaliser of MurmurHash3, 32 bits: close names land far apart. */
function scramble(text: string): number {
  let hash = 0x811c9dc5
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
