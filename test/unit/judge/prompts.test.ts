import { describe, expect, it } from 'vitest'
import { MirageError } from '../../../src/kernel/errors.ts'
import { lackOf, planImages } from '../../../src/kernel/judge/images.ts'
import { readPrompt, type Shown } from '../../../src/kernel/judge/prompts/prompt.ts'
import { SHIPPED_PROMPTS } from '../../../src/kernel/judge/prompts/shipped.ts'

const MODES = ['gt', 'lr', 'gt+lr'] as const
const shown: Shown = {
  images: [{ label: 'The reference', show: 'gt', width: 8, height: 8 }],
  scale: 4,
  tags: [],
}

const errorOf = (text: string) => {
  try {
    readPrompt('mine', text).render(shown)
    return undefined
  } catch (error) {
    return error instanceof MirageError ? error.info : error
  }
}

describe('shipped prompts', () => {
  it.each(Object.entries(SHIPPED_PROMPTS))(
    '%s asks for evidence before the verdict, spares blur, and holds to its mode',
    (name, text) => {
      for (const mode of MODES) {
        const prompt = readPrompt(name, text, { mode })
        const { text: rendered, variables } = prompt.render(shown)
        expect(variables).toMatchObject({ mode, range: prompt.form.range })
        expect(rendered).toMatch(/blur/i)
        expect(rendered).not.toMatch(/\{[{%]/)
        const form = rendered.slice(rendered.indexOf('Answer with JSON only'))
        for (const [first, last] of [
          ['"elements"', '"score"'],
          ['"questions"', '"answers"'],
          ['"a"', '"more"'],
        ]) {
          if (form.includes(last)) expect(form.indexOf(first)).toBeLessThan(form.indexOf(last))
        }
        const shows = prompt.images.map(({ show }) => show)
        expect(shows.includes('gt')).toBe(mode.includes('gt'))
        expect(shows.includes('lr')).toBe(mode.includes('lr'))
        expect(rendered.includes('ground truth') || rendered.includes('the reference')).toBe(
          mode.includes('gt'),
        )
      }
    },
  )

  it('says that the rubric is not the wording of the paper', () => {
    expect(readPrompt('hs', SHIPPED_PROMPTS.hs).header.title).toContain('not the wording of the paper')
  })
})

describe('prompt cells', () => {
  it.each([
    ['an unknown setting', '---\ntitle: x\nmodd: gt\n---\nhi', 'prompt-header', 3, 'Did you mean "mode"?'],
    ['a bad value', '---\nmode: both\n---\nhi', 'prompt-header', 2, '"mode"'],
    ['broken YAML', '---\nmode: [gt\n---\nhi', 'prompt-header', 2, 'no YAML'],
    [
      'an unknown variable',
      '---\nmode: gt\n---\nhi\n{{ imagess }}',
      'prompt-variable',
      5,
      'Did you mean "images"?',
    ],
    ['an open tag', 'hi\n{% if scale %}', 'prompt-template', 2, 'not closed'],
    ['an unknown member', 'hi\n\n{{ scale.x }}', 'prompt-render', 3, 'undefined variable'],
    ['a method, which would unblind the judge', '{{ method }}', 'prompt-variable', 1, 'no variable "method"'],
    ['no SR image', '---\nimages: [gt]\n---\n', 'prompt-header', 1, 'never shows the super-resolved image'],
    [
      'a rival that the answer does not speak of',
      '---\nimages: [sr, rival]\n---\n',
      'prompt-header',
      1,
      'shows `rival`, but "elements" answers speak of one image',
    ],
    [
      'a rival and a form of your own',
      '---\nimages: [sr, rival]\nanswer: { properties: { score: { type: number } } }\n---\n',
      'prompt-header',
      1,
      'shows `rival`, but "custom" answers speak of one image',
    ],
    [
      'a comparison without a rival',
      '---\nimages: [gt, sr]\nanswer: pairwise\n---\n',
      'prompt-header',
      1,
      'asks for a comparison and never shows `rival`',
    ],
  ])('name line and remedy for %s', (_, text, code, line, message) => {
    expect(errorOf(text)).toMatchObject({ code, at: { line }, message: expect.stringContaining(message) })
  })

  it('may show a rival where the answer compares', () => {
    expect(readPrompt('mine', '---\nimages: [sr, rival]\nanswer: pairwise\n---\n').images).toHaveLength(2)
  })

  it('read no files', () => {
    expect(errorOf('{% include "/etc/passwd" %}')).toMatchObject({ code: 'prompt-render' })
  })

  it('stop a template that runs away', () => {
    expect(errorOf('{% for i in (1..100000000) %}{{ i }}{% endfor %}')).toMatchObject({
      code: 'prompt-render',
    })
  })
})

describe('images of a question', () => {
  const ref = (hash: string, side: number) => ({ hash, width: side, height: side, mime: 'image/png' })
  const row = {
    id: 'a',
    method: 'm',
    values: {},
    images: { lr: ref('l', 4), gt: ref('g', 16), sr: ref('s', 16) },
  }

  it('are in the order of the prompt, LR enlarged to the size of SR', () => {
    const { images, header } = readPrompt('hs', SHIPPED_PROMPTS.hs)
    const planned = planImages(row, images, header)
    expect(planned).toMatchObject([
      { show: 'gt', request: { source: 'g' } },
      { show: 'lr', request: { source: 'l', enlarge: { to: [16, 16], by: 'bicubic' } } },
      { show: 'sr', request: { source: 's' } },
    ])
  })

  it('may be crops, zooms, differences and JPEG', () => {
    const text =
      '---\nformat: jpeg\nimages: [sr, difference, { show: sr, crop: [0, 0, 0.5, 0.5], zoom: 2 }]\n---\nhi'
    const { images, header } = readPrompt('mine', text)
    expect(planImages(row, images, header)).toMatchObject([
      { request: { source: 's', format: 'jpeg', quality: 95 } },
      { request: { source: 's', minus: 'g' } },
      { request: { crop: [0, 0, 0.5, 0.5], zoom: 2 }, label: expect.stringContaining('enlarged 2 times') },
    ])
  })

  it('are not silently left out: a row without GT cannot be asked in a mode that needs it', () => {
    const { images, header } = readPrompt('hs', SHIPPED_PROMPTS.hs)
    const without = { ...row, images: { lr: row.images.lr, sr: row.images.sr } }
    expect(lackOf(without, images, header)).toBe('no ground truth (GT), which the prompt shows (mode gt+lr)')
    expect(lackOf(row, images, header)).toBeUndefined()
  })
})
