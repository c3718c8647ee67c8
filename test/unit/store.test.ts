import { createHash } from 'node:crypto'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { canonicalJson, hashOf, plainCanonicalJson } from '../../src/kernel/store/canonical.ts'
import { createFolderStore } from '../../src/kernel/store/folder-store.ts'

let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'mirage-store-'))
})
afterAll(() => rm(root, { recursive: true }))

test('bytes come back under their sha256, and equal bytes are one object', async () => {
  const store = createFolderStore(root)
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async bytes => {
      const hash = await store.putObject(bytes)
      expect(await store.putObject(bytes.slice())).toBe(hash)
      expect(new Uint8Array(await store.getObject(hash))).toEqual(bytes)
    }),
    { numRuns: 50 },
  )
})

test('many writers of the same object and record all succeed and leave no temporary file', async () => {
  const stores = Array.from({ length: 8 }, () => createFolderStore(root))
  const hashes = await Promise.all(stores.map(store => store.putObject('the same')))
  expect(new Set(hashes).size).toBe(1)
  await Promise.all(stores.map((store, n) => store.putRecord('race', 'key', { n: n % 1 })))
  expect(await stores[0].getRecord('race', 'key')).toEqual({ n: 0 })
  expect(await readdir(join(root, 'tmp'))).toEqual([])
})

test('a file is adopted by content, a second copy of it disappears', async () => {
  const store = createFolderStore(root)
  const [first, second] = [join(root, 'first'), join(root, 'second')]
  await writeFile(first, 'adopted')
  await writeFile(second, 'adopted')
  const hash = await store.adoptFile(first)
  expect(await store.adoptFile(second)).toBe(hash)
  expect(new TextDecoder().decode(await store.getObject(hash))).toBe('adopted')
  await expect(readdir(root)).resolves.not.toContain('second')
})

test('a missing object says what to do, a missing or damaged record is absent', async () => {
  const store = createFolderStore(root)
  await expect(store.getObject('0'.repeat(64))).rejects.toMatchObject({ info: { code: 'object-missing' } })
  expect(await store.getRecord('nothing', 'here')).toBeUndefined()
  await store.putRecord('damaged', 'record', {})
  await writeFile(join(root, 'records', 'damaged', 're', 'record.json'), '{"half":')
  expect(await store.getRecord('damaged', 'record')).toBeUndefined()
})

test('records are listed', async () => {
  const store = createFolderStore(root)
  for (const key of ['aa1', 'aa2', 'bb1']) await store.putRecord('listed', key, {})
  expect((await Array.fromAsync(store.listRecords('listed'))).sort()).toEqual(['aa1', 'aa2', 'bb1'])
  expect(await Array.fromAsync(store.listRecords('unknown'))).toEqual([])
})

test('a name that could leave the folder is refused', async () => {
  const store = createFolderStore(root)
  expect(() => store.objectPath('../../etc/passwd')).toThrow(TypeError)
  await expect(store.getRecord('..', 'x/../../y')).rejects.toThrow(TypeError)
})

test('the fast way to canonical JSON gives what it is defined to be', () => {
  fc.assert(
    fc.property(
      fc.anything({
        withSparseArray: false,
        withBigInt: false,
        withDate: true,
        values: [
          fc.string(),
          fc.integer(),
          fc.boolean(),
          fc.constant(null),
          fc.constant(undefined),
          fc.double({ noNaN: true, noDefaultInfinity: true }),
        ],
      }),
      value => {
        const plain = plainCanonicalJson(value)
        expect(canonicalJson(value)).toBe(plain)
        expect(canonicalJson(JSON.parse(plain))).toBe(plain)
      },
    ),
  )
  expect(canonicalJson({ 10: 1, 9: 2, b: undefined, a: [undefined, { z: 1, y: 2 }] })).toBe(
    '{"10":1,"9":2,"a":[null,{"y":2,"z":1}]}',
  )
})

test('canonical JSON does not depend on the order of keys, and reads back equal', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), value => {
      const reversed = JSON.parse(JSON.stringify(value), (_, member) =>
        member && typeof member === 'object' && !Array.isArray(member)
          ? Object.fromEntries(Object.entries(member).reverse())
          : member,
      )
      expect(hashOf(reversed)).toBe(hashOf(value))
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)))
    }),
  )
})

test('a long text has the hash of its bytes, whichever characters stand where it is cut', () => {
  for (const lead of [0, 1, 2, 3]) {
    const value = '-'.repeat(lead) + '\u{1f600}'.repeat(2 ** 20)
    expect(hashOf(value)).toBe(createHash('sha256').update(canonicalJson(value)).digest('hex'))
  }
})

test('numbers without JSON are refused instead of becoming null', () => {
  expect(() => canonicalJson({ psnr: Number.POSITIVE_INFINITY })).toThrow(TypeError)
})
