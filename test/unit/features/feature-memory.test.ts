import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { FeatureMemory } from '../../../src/kernel/metrics/features/feature-memory.ts'
import type { Feature } from '../../../src/kernel/metrics/features/network.ts'
import { createFolderStore } from '../../../src/kernel/store/folder-store.ts'
import { take } from '../../support/random-network.ts'

const feature = (side: number, seed: number): Feature => ({
  channels: 3,
  width: side,
  height: side,
  data: take(3 * side * side, seed),
})

test('features are kept by image and network: small ones in the store, large ones in memory up to a limit', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mirage-memory-'))
  try {
    const store = createFolderStore(folder)
    const small = [feature(4, 1), feature(2, 2)]
    await new FeatureMemory(store, 'net').put('a', small)
    expect(await new FeatureMemory(store, 'net').get('a')).toEqual(small)
    expect(await new FeatureMemory(store, 'other net').get('a')).toBeUndefined()

    // 600 x 600 x 3 floats are 4.3 MB, above what the store keeps; memory holds two of them.
    const memory = new FeatureMemory(store, 'net', 10_000_000)
    const large = [1, 2, 3].map(() => [
      { channels: 3, width: 600, height: 600, data: new Float32Array(3 * 600 * 600) },
    ])
    await memory.put('large 1', large[0])
    await memory.put('large 2', large[1])
    expect(await memory.get('large 1')).toBe(large[0])
    await memory.put('large 3', large[2])
    expect(await memory.get('large 2')).toBeUndefined()
    expect(await memory.get('large 1')).toBeDefined()
    expect(await new FeatureMemory(store, 'net').get('large 1')).toBeUndefined()
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
