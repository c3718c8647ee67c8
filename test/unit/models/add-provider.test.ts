import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { MirageError } from '../../../src/kernel/errors.ts'
import { addProvider } from '../../../src/kernel/models/add-provider.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mirage-provider-'))
})
afterEach(() => rm(folder, { recursive: true }))

async function errorOf(action: Promise<unknown>) {
  const error = await action.catch(each => each as unknown)
  if (error instanceof MirageError) return error.info
  throw new Error(`no MirageError: ${error}`)
}

const NAMES = ['libonnxruntime_providers_cuda.so', 'libonnxruntime_providers_shared.so']

test('the libraries of CUDA are taken from a folder, all or none', async () => {
  const target = join(folder, 'target')
  const add = () => addProvider('cuda', { from: folder, target })
  await writeFile(join(folder, NAMES[0]), 'cuda')
  expect(await errorOf(add())).toMatchObject({
    code: 'file-missing',
    message: expect.stringContaining(NAMES[1]),
  })
  await writeFile(join(folder, NAMES[1]), 'shared')
  await add()
  expect((await readdir(target)).sort()).toEqual(NAMES)
  expect(await readFile(join(target, NAMES[0]), 'utf8')).toBe('cuda')
})

test("without a folder the package's own installer is asked, and its failure says what else to do", async () => {
  const installer = join(folder, 'install.cjs')
  const made = join(folder, 'made')
  await writeFile(
    installer,
    `require('fs').writeFileSync(${JSON.stringify(made)}, process.env.ONNXRUNTIME_NODE_INSTALL)`,
  )
  await addProvider('tensorrt', { installer })
  expect(await readFile(made, 'utf8')).toBe('1')
  await writeFile(installer, "throw new Error('getaddrinfo ENOTFOUND api.nuget.org')")
  const { code, message, remedy } = await errorOf(addProvider('cuda', { installer }))
  expect(code).toBe('provider-not-fetched')
  expect(message).toContain('ENOTFOUND api.nuget.org')
  expect(remedy).toContain('mirage providers add cuda --from FOLDER')
})

test('what comes with Mirage has no library to add', async () => {
  const { code, remedy } = await errorOf(addProvider('webgpu'))
  expect(code).toBe('provider-complete')
  expect(remedy).toContain('Vulkan')
})
