import { platform } from 'node:os'
import { expect, test } from 'vitest'
import { PngStream } from '../../../src/kernel/images/png-stream.ts'

test.skipIf(platform() !== 'linux')(
  'a full disk is an error, however late it is noticed',
  async () => {
    // Writes to this file of the system fail as those to a full disk do.
    const image = new PngStream('/dev/full', 64, 64, 3)
    const written = image.write(new Uint8Array(64 * 64 * 3)).then(() => image.end())
    await expect(written).rejects.toMatchObject({ code: 'ENOSPC' })
  },
  10_000,
)
