/**
 * Draws the example images of the notebooks: `node scripts/draw-examples.ts [name ...]`. The same code gives the same
 * pixels; test/unit/examples.test.ts draws some of them again.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import sharp from 'sharp'
import type { Photo } from './examples/camera.ts'
import { DEGRADATION, degrade } from './examples/degrade.ts'
import { SCENES } from './examples/scenes/index.ts'

const FOLDER = join(import.meta.dirname, '../notebooks/examples')

/** The LR image of a photograph, decoded from its JPEG. */
export async function degraded(photo: Photo, seed: number): Promise<Photo> {
  const small = degrade(photo, seed)
  const coded = await raw(small).jpeg(DEGRADATION.jpeg).toBuffer()
  return { ...small, data: await sharp(coded).raw().toBuffer() }
}

/** Seed of a scene's LR noise. */
export function noiseSeed(name: string): number {
  return 301 + SCENES.findIndex(scene => scene.name === name)
}

function raw({ width, height, data }: Photo) {
  return sharp(data, { raw: { width, height, channels: 3 } })
}

async function save(photo: Photo, kind: 'hr' | 'lr', name: string): Promise<void> {
  await mkdir(join(FOLDER, kind), { recursive: true })
  await raw(photo)
    .png({ compressionLevel: 9, adaptiveFiltering: true })
    .toFile(join(FOLDER, kind, `${name}.png`))
}

async function main(): Promise<void> {
  const { positionals } = parseArgs({ allowPositionals: true })
  const unknown = positionals.filter(name => !SCENES.some(scene => scene.name === name))
  if (unknown.length)
    throw new Error(`No scene ${unknown.join(', ')}; there are ${SCENES.map(({ name }) => name).join(', ')}.`)
  for (const { name, draw } of SCENES.filter(
    scene => !positionals.length || positionals.includes(scene.name),
  )) {
    const photo = draw()
    await save(photo, 'hr', name)
    await save(await degraded(photo, noiseSeed(name)), 'lr', name)
    process.stdout.write(`${name} ${photo.width}x${photo.height}\n`)
  }
  const list = SCENES.map(({ name, shows }) => `- \`${name}\`: ${shows}`).join('\n')
  await writeFile(join(FOLDER, 'README.md'), README.replace('LIST', list))
}

const { scale, blur, noise, jpeg } = DEGRADATION
const README = `# Example images

Drawn by the project itself with \`node scripts/draw-examples.ts\`: no photograph, no font and no network is used, and
the same code gives the same pixels. They stand in for photographs where a study has to run out of the box. They are
pictures of surfaces under a simulated camera (16 samples per pixel, lens blur, vignette, sensor noise), so a model
that learned from photographs finds them plausible, but figures measured on them say little about photographs.

LIST

\`hr/\` holds the ground truth, \`lr/\` the same pictures degraded by x${scale}. In this order, on sRGB values:

1. Gaussian blur, sigma ${blur} HR pixels;
2. reduction by ${scale} with an antialiased bicubic filter (Keys, a = -1/2, stretched by ${scale}; border repeated);
3. Gaussian noise, sigma ${noise} of 255 levels, independent in each channel;
4. JPEG, quality ${jpeg.quality}, chroma ${jpeg.chromaSubsampling}, then stored as PNG.

Licence: CC0 1.0. To the extent possible under law, the project waives all copyright and related rights to these
images.
`

if (import.meta.main) await main()
