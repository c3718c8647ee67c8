import { describe, expect, test } from 'vitest'
import { completePrompt } from '../../../src/extension/language/prompt/complete-prompt.ts'
import { diagnosePrompt } from '../../../src/extension/language/prompt/diagnose-prompt.ts'
import { hoverPrompt } from '../../../src/extension/language/prompt/hover-prompt.ts'
import { describePrompts } from '../../../src/kernel/judge/prompts/describe.ts'
import { readPrompt } from '../../../src/kernel/judge/prompts/prompt.ts'
import { SHIPPED_PROMPTS } from '../../../src/kernel/judge/prompts/shipped.ts'
import type { StudyLanguage } from '../../../src/kernel/protocol/messages.ts'
import * as templates from '../../../src/notebook/prompt/template.ts'

const language: StudyLanguage = {
  steps: [],
  models: [],
  metrics: [],
  providers: [],
  prompts: describePrompts(),
}

/** Labels that are offered at the bar. */
async function offered(text: string): Promise<string[]> {
  const offset = text.indexOf('|>')
  const found = await completePrompt(language, text.replace('|>', ''), offset)
  return found.map(({ label }) => label)
}

/** The text after taking the offer. */
async function taken(text: string, label: string): Promise<string> {
  const offset = text.indexOf('|>')
  const whole = text.replace('|>', '')
  const { span, insert } = (await completePrompt(language, whole, offset)).find(item => item.label === label)!
  return whole.slice(0, span.start) + insert.replace('$0', '') + whole.slice(span.end)
}

describe('completion in prompt cells', () => {
  test('offers the variables of prompts and those that the template makes', async () => {
    expect(await offered('See {{ |> }}')).toEqual(['mode', 'images', 'scale', 'range', 'schema', 'tags'])
    const loop = '{% for image in images %}{{ |>'
    expect(await offered(loop)).toEqual(expect.arrayContaining(['image', 'forloop', 'mode']))
    expect(await offered('{% if m|>')).toContain('mode')
  })

  test('offers members of images, of the loop and of lists', async () => {
    const members = ['label', 'show', 'width', 'height']
    expect(await offered('{% for image in images %}{{ image.|>')).toEqual(members)
    expect(await offered('{{ images[0].l|> }}')).toEqual(members)
    expect(await offered('{{ images.|>')).toContain('size')
    expect(await offered('{% for i in tags %}{{ forloop.|>')).toContain('index0')
  })

  test('offers filters behind a bar and tags behind a percent sign, and nothing in plain text', async () => {
    expect(await offered('{{ mode | up|> }}')).toContain('upcase')
    expect(await offered('{% |>')).toEqual(expect.arrayContaining(['if', 'for', 'assign']))
    expect(await offered('plain |>')).toEqual([])
    expect(await offered('{{ mode }} plain |>')).toEqual([])
    expect(await offered('{% if mode contains "g|>')).toEqual([])
  })

  test('offers settings and their values in the front matter', async () => {
    expect(await offered('---\nmode: gt\n|>\n---\nLook.')).toEqual(
      expect.arrayContaining(['images', 'answer', 'system', 'longest']),
    )
    expect(await offered('---\nmode: |>\n---\nLook.')).toEqual(['gt', 'lr', 'gt+lr'])
    expect(await offered('---\nanswer: |>\n---\n')).toEqual(
      expect.arrayContaining(['elements', 'regions', 'questions', 'pairwise']),
    )
    expect(await offered('---\nimages:\n  - show: |>\n---\n')).toContain('difference')
  })

  test('replaces the word that is written, wherever it stands', async () => {
    expect(await taken('---\ntitle: A\nform|>\n---\n', 'format')).toBe('---\ntitle: A\nformat: \n---\n')
    expect(await taken('---\ntitle: A\nmode: g|>\n---\nx', 'gt+lr')).toBe(
      '---\ntitle: A\nmode: gt+lr\n---\nx'.replace('gt+lr', '"gt+lr"'),
    )
    expect(await taken('---\n---\n{{ sc|> }} times', 'scale')).toBe('---\n---\n{{ scale }} times')
  })
})

describe('problems of prompt cells', () => {
  const wrong: [text: string, at: string, message: RegExp][] = [
    ['Look at {{ image }}.', 'image', /no variable "image"\. Did you mean "images"/],
    ['---\nmode: gt\n---\nA\nB {{ skale }}', 'skale', /Did you mean "scale"/],
    ['{% if mode %}open', '{%', /cannot be read/],
    ['{{ mode | shout }}', '{{', /undefined filter: shout/],
    ['---\nmod: gt\n---\nLook.', 'mod', /no parameter "mod"/],
    ['---\nmode: both\n---\nLook.', 'both', /one of "gt" or "lr" or "gt\+lr"/],
    ['---\nimages: [gt, sr\n---\nLook.', '', /no YAML/],
  ]
  test.each(wrong)('%j is marked where it is wrong, and the kernel refuses it too', (text, at, message) => {
    const [found] = diagnosePrompt(language, text, templates)
    expect(found.message).toMatch(message)
    expect(text.slice(found.span.start).startsWith(at)).toBe(true)
    expect(() => readPrompt('mine', text)).toThrow()
  })

  test('a slip is corrected in one click', () => {
    const text = '---\nmode: gt\n---\n{{ skale }}'
    const { fix } = diagnosePrompt(language, text, templates)[0]
    expect(text.slice(0, fix!.span.start) + fix!.text + text.slice(fix!.span.end)).toBe(
      '---\nmode: gt\n---\n{{ scale }}',
    )
  })

  test('shipped prompts and one that is still empty have none', () => {
    for (const text of [...Object.values(SHIPPED_PROMPTS), '', '---\n---\n']) {
      expect(diagnosePrompt(language, text, templates)).toEqual([])
    }
  })
})

test('hovering explains variables and settings', () => {
  const text = '---\nlongest: 512\n---\nSee {{ scale }} and scale.'
  expect(hoverPrompt(language, text, text.indexOf('scale') + 2)?.markdown).toContain('side ratio')
  expect(hoverPrompt(language, text, text.lastIndexOf('scale') + 2)).toBeUndefined()
  const setting = hoverPrompt(language, text, text.indexOf('longest') + 1)!
  expect(setting.markdown).toContain('longest side')
  expect(text.slice(setting.span.start, setting.span.end)).toBe('longest')
})
