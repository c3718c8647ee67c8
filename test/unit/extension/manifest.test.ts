import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import manifest from '../../../package.json' with { type: 'json' }
import texts from '../../../package.nls.json' with { type: 'json' }
import { bundleText } from '../../../scripts/strings.ts'
import { COMMANDS } from '../../../src/extension/commands/index.ts'
import { LANGUAGES } from '../../../src/extension/document/notebook-data.ts'
import { MIME } from '../../../src/kernel/protocol/mime.ts'

const root = resolve(import.meta.dirname, '../../..')
const { contributes } = manifest

describe('package.json and the code agree', () => {
  test('on the commands', () => {
    expect(contributes.commands.map(({ command }) => command).sort()).toEqual(Object.keys(COMMANDS).sort())
    expect(new Set(contributes.commands.map(({ category }) => category))).toEqual(new Set(['Mirage']))
  })

  test('on what menus and views offer', () => {
    const offered = Object.values(contributes.menus)
      .flat()
      .map(({ command }) => command)
    expect(Object.keys(COMMANDS)).toEqual(expect.arrayContaining(offered))
  })

  test('on renderers and their types', () => {
    const types = contributes.notebookRenderer.flatMap(({ mimeTypes }) => mimeTypes)
    expect(types.sort()).toEqual(Object.values(MIME).sort())
  })

  test('on languages, and every file that is named is there', () => {
    const own = Object.values(LANGUAGES).filter(id => id !== 'typescript')
    expect(contributes.languages.map(({ id }) => id)).toEqual(own)
    const named = [
      ...contributes.languages.map(({ configuration }) => configuration),
      ...contributes.grammars.map(({ path }) => path),
    ]
    for (const path of named) {
      expect(existsSync(join(root, path)), path).toBe(true)
      expect(() => JSON.parse(readFileSync(join(root, path), 'utf8')), path).not.toThrow()
    }
  })

  test('a window without a study never loads the extension', () => {
    expect(manifest.activationEvents).toEqual(['onNotebook:mirage-study'])
  })

  test('on the texts that are translated', () => {
    const used = [...JSON.stringify(manifest).matchAll(/"%([^"%]+)%"/g)].map(([, key]) => key)
    expect(used.sort()).toEqual(Object.keys(texts).sort())
    const shown = [
      ...contributes.commands.map(({ title }) => title),
      ...contributes.walkthroughs.flatMap(({ steps }) => steps.map(({ description }) => description)),
      ...Object.values(contributes.configuration.properties).map(
        ({ markdownDescription }) => markdownDescription,
      ),
    ]
    expect(shown.filter(text => !/^%.+%$/.test(text))).toEqual([])
  })

  test('on the texts of the code: `node scripts/strings.ts` writes them', () => {
    expect(readFileSync(join(root, 'l10n', 'bundle.l10n.json'), 'utf8')).toBe(bundleText())
  })
})
