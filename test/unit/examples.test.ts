import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { expect, test } from 'vitest'
import { degraded, noiseSeed } from '../../scripts/draw-examples.ts'
import type { Photo } from '../../scripts/examples/camera.ts'
import { SCENES } from '../../scripts/examples/scenes/index.ts'

const FOLDER = join(import.meta.dirname, '../../notebooks/examples')

async function saved(kind: 'hr' | 'lr', name: string): Promise<Photo> {
  const { data, info } = await sharp(join(FOLDER, kind, `${name}.png`))
    .raw()
    .toBuffer({ resolveWithObject: true })
  return { width: info.width, height: info.height, data }
}

function largestDifference(a: Photo, b: Photo): number {
  expect([a.width, a.height, a.data.length]).toEqual([b.width, b.height, b.data.length])
  return a.data.reduce((most, value, i) => Math.max(most, Math.abs(value - b.data[i])), 0)
}

// One level: another Node may round a sine the other way.
test.each(['fabric', 'page'])(
  'the example image %s is what its code draws',
  { timeout: 180_000 },
  async name => {
    const photo = SCENES.find(scene => scene.name === name)!.draw()
    expect(largestDifference(photo, await saved('hr', name))).toBeLessThanOrEqual(1)
    expect(
      largestDifference(await degraded(photo, noiseSeed(name)), await saved('lr', name)),
    ).toBeLessThanOrEqual(1)
  },
)

test('every example has an HR and an LR image of a quarter of its sides, and is named in the README', async () => {
  const readme = readFileSync(join(FOLDER, 'README.md'), 'utf8')
  for (const { name } of SCENES) {
    const [hr, lr] = await Promise.all([saved('hr', name), saved('lr', name)])
    expect([hr.width, hr.height]).toEqual([lr.width * 4, lr.height * 4])
    expect(Math.max(hr.width, hr.height)).toBeLessThanOrEqual(384)
    expect(readme).toContain(`\`${name}\``)
  }
})
