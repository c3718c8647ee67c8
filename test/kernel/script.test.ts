import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { cell, mirage, REPOSITORY, studyFolder } from '../support/study-folder.ts'

const script = (id: string, text: string, as = '') =>
  `\`\`\`ts mirage id=${id}${as && ` as=${as}`}\n${text}\n\`\`\`\n`
const load = cell(
  'load',
  'triplets: { lr: lr/*.png, gt: hr/*.png, sr: { copy: hr/*.png }, scale: 4, as: photos }',
)

test('a script sees results, calls steps, imports from node_modules of the workspace, and its default export is a result', async () => {
  await using folder = await studyFolder()
  await mkdir(folder.file('node_modules/doubler'), { recursive: true })
  await writeFile(
    folder.file('node_modules/doubler/package.json'),
    '{"name":"doubler","type":"module","main":"index.js"}',
  )
  await writeFile(folder.file('node_modules/doubler/index.js'), 'export default n => 2 * n')
  const path = await folder.write(
    load +
      script(
        'twice',
        `import double from 'doubler'
const measured: any = await steps.metrics({ of: photos, use: ['psnr'] })
interface Row { values: Record<string, number> }
for (const row of measured.rows as Row[]) row.values.twice = double(row.values.psnr)
show(\`\${photos.rows.length} rows\`)
export default { ...measured, columns: [...measured.columns, { ...measured.columns[0], name: 'twice' }] }`,
        'doubled',
      ) +
      cell('save', 'export: { of: doubled, to: out.csv }'),
  )
  const { code, stdout } = await mirage(['run', path])
  expect(code, stdout).toBe(0)
  expect(stdout).toContain('2 rows')
  const [header, first] = (await readFile(folder.file('out.csv'), 'utf8')).split('\n')
  expect(header).toBe('id,method,psnr,twice')
  const [, , psnr, twice] = first.split(',').map(Number)
  expect(twice).toBe(2 * psnr)
})

test('a script may run again, and is run again only when it or what it reads changes', async () => {
  await using folder = await studyFolder()
  const text = (limit: number) =>
    `${load}${script('s', `const limit = ${limit}\nexport default photos.rows.length * limit`, 'n')}`
  const path = await folder.write(text(1))
  expect((await mirage(['run', path])).code).toBe(0)
  expect((await mirage(['run', path])).stdout).toContain('s (unchanged)')
  await folder.write(text(2))
  const { code, stdout } = await mirage(['run', path])
  expect(code).toBe(0)
  expect(stdout).toContain('load (unchanged)')
  expect(stdout).not.toContain('s (unchanged)')
})

test.each([
  ['what it throws', 'const a = 1\n\nthrow new RangeError("far away")', 'RangeError: far away', /:10:7\)/],
  ['what it throws on its first line', 'throw new Error("at once")', 'Error: at once', /:8:7\)/],
  ['a syntax error', 'const = 3', 'SyntaxError', /\.md:\d+:\d+\)/],
])('%s points at the line in the file', async (_, text, message, position) => {
  await using folder = await studyFolder({ count: 1 })
  const path = await folder.write(`${load}\nProse.\n\n${script('s', text)}`)
  const { code, stdout } = await mirage(['run', path])
  expect(code).toBe(1)
  expect(stdout).toContain(message)
  expect(stdout).toMatch(position)
  expect(stdout).not.toContain('scripts/')
})

test('a script cannot change what another cell made', async () => {
  await using folder = await studyFolder({ count: 1 })
  const path = await folder.write(
    `${load}${script('s', 'photos.rows.length = 0\nexport default photos.rows.length', 'gone')}${cell('save', 'export: { of: photos, to: out.csv }')}`,
  )
  expect((await mirage(['run', path])).code).toBe(0)
  expect((await readFile(folder.file('out.csv'), 'utf8')).trim().split('\n')).toHaveLength(2)
})

test('an interrupt ends a script that waits for something else than its signal', async () => {
  await using folder = await studyFolder({ count: 1 })
  const path = await folder.write(script('s', `console.error('waits')\nawait new Promise(() => {})`))
  // A process group, as in a terminal: Ctrl-C reaches all of it.
  const child = spawn(process.execPath, [join(REPOSITORY, 'bin/mirage.mjs'), 'run', path, '--verbose'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  })
  let said = ''
  for await (const chunk of child.stderr) {
    said += chunk
    if (!said.includes('waits')) continue
    process.kill(-child.pid!, 'SIGINT')
    break
  }
  expect(await once(child, 'exit')).toEqual([130, null])
})
