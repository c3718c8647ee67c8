import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'

/** Corners of every test image, clockwise from the top left, in the order in which a canvas has its bytes. */
export const CORNERS = [
  [200, 40, 40],
  [40, 180, 60],
  [240, 240, 240],
  [40, 60, 200],
] as const

/** An image of four plain quarters, so that a few pixels say whether the right thing is shown. */
async function quarters(size: number): Promise<Buffer> {
  const pixels = Buffer.alloc(size * size * 3)
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const bottom = y >= size / 2
      const right = x >= size / 2
      const corner = bottom ? (right ? 2 : 3) : right ? 1 : 0
      pixels.set(CORNERS[corner], (y * size + x) * 3)
    }
  }
  return sharp(pixels, { raw: { width: size, height: size, channels: 3 } })
    .png()
    .toBuffer()
}

/** Writes LR, GT and SR of two images, 16 and 64 pixels wide. */
export async function writeTriplets(folder: string): Promise<void> {
  for (const [role, size] of Object.entries({ lr: 16, gt: 64, sr: 64 })) {
    await mkdir(join(folder, 'images', role), { recursive: true })
    for (const name of ['left', 'right']) {
      await writeFile(join(folder, 'images', role, `${name}.png`), await quarters(size))
    }
  }
}

export interface TestCell {
  id: string
  text: string
}

export const LOAD: TestCell = {
  id: 'load',
  text: 'triplets:\n  lr: images/lr/*.png\n  gt: images/gt/*.png\n  sr: { plain: images/sr/*.png }\n  as: photos',
}
export const LOOK: TestCell = { id: 'look', text: 'compare: { of: photos, as: shown }' }

/** A cell that waits for a judge at an address that never answers. */
export function waitingCell(baseURL: string): TestCell {
  return {
    id: 'wait',
    text: `score: { of: photos, judge: { model: silent, baseURL: "${baseURL}" }, as: judged }`,
  }
}

/** A script cell that counts until there is a file `go` in the folder. */
export function gatedCell(folder: string): string {
  return `\`\`\`ts mirage id=gated
const { existsSync } = await import('node:fs')
while (!existsSync(${JSON.stringify(join(folder, 'go'))})) {
  signal.throwIfAborted()
  await new Promise(done => setTimeout(done, 50))
}
export default 'through the gate'
\`\`\`
`
}

export function studyText(title: string, cells: readonly TestCell[]): string {
  const blocks = cells.map(({ id, text }) => `\`\`\`yaml mirage id=${id}\n${text}\n\`\`\`\n`)
  return `---\ntitle: ${title}\nseed: 1\n---\n\n# ${title}\n\n${blocks.join('\n')}`
}

export async function writeStudy(folder: string, name: string, cells: readonly TestCell[]): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, studyText(name.replace('.mirage.md', ''), cells))
  return path
}
