import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'
import type { Study } from '../../src/kernel/protocol/messages.ts'
import { openStudy } from '../../src/notebook/open.ts'

export const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url))

/** The photographs that lie beside the repository where it is developed; absent elsewhere. */
export const SHARED_DATA = join(REPOSITORY, '..', 'shared', 'data')
export const hasSharedData = existsSync(SHARED_DATA)

/** A folder for one study, with small pictures in it, that disposes of itself. */
export interface StudyFolder extends AsyncDisposable {
  path: string
  /** Writes a study and returns its path. */
  write(text: string, name?: string): Promise<string>
  file(name: string): string
}

export async function studyFolder(images: { count?: number; side?: number } = {}): Promise<StudyFolder> {
  const path = await mkdtemp(join(tmpdir(), 'mirage-study-'))
  const { count = 2, side = 24 } = images
  for (let n = 0; n < count; n++) await drawPair(path, `p${n}`, side, n)
  return {
    path,
    file: name => join(path, name),
    async write(text, name = 'study.mirage.md') {
      await writeFile(join(path, name), text)
      return join(path, name)
    },
    async [Symbol.asyncDispose]() {
      await rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
    },
  }
}

/** LR of side x side pixels and GT of four times that: coloured stripes that differ by `n`. */
async function drawPair(folder: string, name: string, side: number, n: number): Promise<void> {
  for (const [role, factor] of [
    ['lr', 1],
    ['hr', 4],
  ] as const) {
    const width = side * factor
    const pixels = new Uint8Array(width * width * 3)
    for (let i = 0; i < pixels.length; i++) {
      const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)]
      pixels[i] = 128 + 100 * Math.sin(((x * (n + 2) + y * ((i % 3) + 1)) / width) * 9)
    }
    const path = join(folder, role, `${name}.png`)
    await mkdir(dirname(path), { recursive: true })
    await sharp(pixels, { raw: { width, height: width, channels: 3 } })
      .png()
      .toFile(path)
  }
}

/** A fence of a step cell. */
export const cell = (id: string, yaml: string) => `\`\`\`yaml mirage id=${id}\n${yaml}\n\`\`\`\n`

/** A text as the kernel takes it. */
export function studyOf(path: string, text: string): Study {
  const { document } = openStudy(text)
  return {
    path,
    seed: document.meta.seed,
    meta: {},
    cells: document.cells.flatMap(({ kind, ...rest }) =>
      kind === 'prose' ? [] : [{ kind, ...(rest as object) } as Study['cells'][number]],
    ),
  }
}

export interface CliResult {
  code: number
  stdout: string
  stderr: string
}

/** Runs the command line as it is installed. */
export function mirage(args: string[], env: Record<string, string> = {}): Promise<CliResult> {
  return new Promise(resolve => {
    execFile(
      process.execPath,
      [join(REPOSITORY, 'bin/mirage.mjs'), ...args],
      { env: { ...process.env, NO_COLOR: '1', ...env }, maxBuffer: 64 * 2 ** 20 },
      (error, stdout, stderr) => resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    )
  })
}
