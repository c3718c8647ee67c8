import MarkdownIt from 'markdown-it'
import { expect, test } from 'vitest'
import type { SavedCellOutputs, SavedOutputs } from '../../../src/notebook/outputs.ts'
import { printOutputsPage } from '../../../src/notebook/outputs-page.ts'

const FILE = `${'a'.repeat(64)}.png`
const cell = (...items: SavedCellOutputs['outputs'][number]['items']): SavedCellOutputs => ({
  textHash: 'h',
  succeeded: true,
  finished: '2026-01-01T00:00:00.000Z',
  milliseconds: 1,
  outputs: [{ id: 'out', items }],
})
const page = (cells: SavedOutputs['cells'], order = Object.keys(cells)) =>
  printOutputsPage({ study: 'a study.mirage.md', cells: order, saved: { version: 1, cells } })
const rendered = (text: string) => new MarkdownIt({ html: true }).render(text)

test('shows the picture and the text of each output, in the order of the cells', () => {
  const plot = cell(
    { mime: 'application/vnd.mirage.chart+json', json: {} },
    { mime: 'image/png', file: FILE },
    { mime: 'text/plain', text: 'rho 0.8\n' },
  )
  const text = page({ a: cell({ mime: 'text/plain', text: 'last' }), plot, gone: plot }, [
    'plot',
    'a',
    'never',
  ])
  expect(text).toBe(`<!-- Written by Mirage after each run. -->

# Outputs of [a study.mirage.md](../a%20study.mirage.md)

## plot

![plot: out](${FILE})

\`\`\`text
rho 0.8
\`\`\`

## a

\`\`\`text
last
\`\`\`
`)
  expect(rendered(text)).toContain(`<img src="${FILE}"`)
})

test('nothing that a judge or a script writes is read as Markdown or HTML', () => {
  const evil = '```\n</code><img src=x onerror=alert(1)>\n````\n[link](javascript:alert(1))'
  const html = rendered(page({ '<b>x': cell({ mime: 'text/plain', text: evil }) }))
  expect(html.match(/<(img|b|a)\b[^>]*>/g)).toEqual(['<a href="../a%20study.mirage.md">'])
  expect(html.match(/<pre>/g)).toHaveLength(1)
})

test('a long text ends in dots', () => {
  const text = page({ a: cell({ mime: 'text/plain', text: 'x'.repeat(5000) }) })
  expect(text.length).toBeLessThan(2300)
  expect(text).toContain('\n...\n```')
})
