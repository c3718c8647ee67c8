import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FormatError } from '../../../src/notebook/errors.ts'
import { printJson } from '../../../src/notebook/json.ts'
import { EMPTY_LOCK, keepLocks, printLock, readLock, withCellLock } from '../../../src/notebook/lock.ts'
import {
  filesOf,
  keepOutputs,
  NO_OUTPUTS,
  outputFile,
  printOutputs,
  readOutputs,
  type SavedCellOutputs,
  withCellOutputs,
} from '../../../src/notebook/outputs.ts'
import { isStudyPath, lockPath, outputsFolder, studyName } from '../../../src/notebook/paths.ts'

const HASH = 'ab'.repeat(32)
const cell: SavedCellOutputs = {
  textHash: HASH,
  succeeded: true,
  finished: '2026-01-02T03:04:05.000Z',
  milliseconds: 12,
  outputs: [
    {
      id: 'table',
      items: [
        { mime: 'application/vnd.mirage.table+json', json: { rows: [{ id: 'a', psnr: null }], columns: [] } },
        { mime: 'image/png', file: outputFile(HASH, 'image/png') },
        { mime: 'text/plain', text: 'a table' },
      ],
      files: [outputFile('cd'.repeat(32), 'image/jpeg')],
    },
  ],
}

test('saved outputs come back from their index, printed the same whatever the order of keys', () => {
  const saved = withCellOutputs(withCellOutputs(NO_OUTPUTS, 'b', cell), 'a', cell)
  const printed = printOutputs(saved)
  expect(readOutputs(printed)).toEqual(saved)
  expect(printOutputs(withCellOutputs(withCellOutputs(NO_OUTPUTS, 'a', cell), 'b', cell))).toBe(printed)
  expect([...filesOf(saved)]).toEqual([`${HASH}.png`, `${'cd'.repeat(32)}.jpg`])
  expect(keepOutputs(saved, ['b'])).toEqual(withCellOutputs(NO_OUTPUTS, 'b', cell))
})

test.each([
  ['a path', '../../../etc/passwd'],
  ['a short hash', 'abc.png'],
  ['an extension with a path in it', `${HASH}.png/../x`],
])('an index that names a file by %s is refused', (_, file) => {
  const text = JSON.stringify({
    version: 1,
    cells: { a: { ...cell, outputs: [{ id: 'x', items: [{ mime: 'image/png', file }] }] } },
  })
  expect(() => readOutputs(text)).toThrow(FormatError)
})

test('types without an extension of their own are JSON or bytes', () => {
  expect(outputFile(HASH, 'application/vnd.mirage.chart+json')).toBe(`${HASH}.json`)
  expect(outputFile(HASH, 'application/x-what')).toBe(`${HASH}.bin`)
})

test.each([readOutputs, readLock])(
  'a newer version, broken JSON and a wrong shape are told apart (%o)',
  read => {
    const codeOf = (text: string) => {
      try {
        return read(text)
      } catch (error) {
        return (error as FormatError).info
      }
    }
    expect(codeOf('{"version": 2, "cells": []}')).toMatchObject({ code: 'json-newer' })
    expect(codeOf('{"version": 1, "cells": []}')).toMatchObject({
      code: 'json-shape',
      message: expect.stringContaining('cells'),
    })
    expect(codeOf('[]')).toMatchObject({ code: 'json-shape' })
    expect(codeOf('{\n  "version": 1,\n  x }')).toMatchObject({
      code: 'json-syntax',
      at: { line: 3, column: 3 },
    })
  },
)

test('equal values print equally, and printing loses nothing', () => {
  const shuffled = (value: unknown): unknown =>
    value === null || typeof value !== 'object' || Array.isArray(value)
      ? value
      : Object.fromEntries(
          Object.entries(value)
            .reverse()
            .map(([key, item]) => [key, shuffled(item)]),
        )
  fc.assert(
    fc.property(fc.jsonValue(), value => {
      const plain = JSON.parse(JSON.stringify(value))
      expect(JSON.parse(printJson(plain))).toEqual(plain)
      expect(printJson(shuffled(plain))).toBe(printJson(plain))
    }),
  )
  expect(() => printJson({ psnr: [1, Number.NaN] })).toThrow('$.psnr[1]')
})

test('a lock comes back from its file, one changed value is one changed line', () => {
  const section = {
    step: 'infer',
    version: 1,
    params: HASH,
    inputs: { photos: HASH },
    fingerprint: { models: { tiny: HASH } },
    settings: { tile: 512 },
    provider: 'cpu',
    packages: { sharp: '1.0.0' },
  }
  const before = withCellLock(EMPTY_LOCK, 'sr', section)
  const after = withCellLock(EMPTY_LOCK, 'sr', { ...section, provider: 'webgpu' })
  expect(readLock(printLock(before))).toEqual(before)
  const [a, b] = [before, after].map(lock => printLock(lock).split('\n'))
  expect(a.filter((line, i) => line !== b[i])).toEqual(['      "provider": "cpu",'])
  expect(keepLocks(before, [])).toEqual(EMPTY_LOCK)
})

test('the files beside a study are named after it', () => {
  expect(lockPath('/a.mirage.md/b c.mirage.md')).toBe('/a.mirage.md/b c.mirage.lock.json')
  expect(outputsFolder('C:\\x\\y.MIRAGE.md')).toBe('C:\\x\\y.mirage.outputs')
  expect(studyName('C:\\x\\y.mirage.md')).toBe('y')
  expect(['x.md', '.mirage.md', 'a/.mirage.md', 'x.mirage.md.bak'].filter(isStudyPath)).toEqual([])
  expect(() => lockPath('notes.md')).toThrow('.mirage.md')
})
