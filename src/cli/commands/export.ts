import { resolve } from 'node:path'
import { withKernel } from '../kernel.ts'
import { readStudy } from '../study.ts'
import { type Command, parseWords, UsageError } from '../usage.ts'

const usage = `mirage export html|ipynb STUDY.mirage.md [--to FILE]

Writes the study with its saved outputs as one file. Nothing is run.`

export const exportStudy: Command = {
  summary: 'Writes a study with its outputs as one HTML file or a Jupyter notebook.',
  usage,
  async run(words) {
    const { values, positionals } = parseWords(words, { to: { type: 'string' } }, usage)
    const [format, word] = positionals
    if (positionals.length !== 2 || (format !== 'html' && format !== 'ipynb'))
      throw new UsageError('Say what to write, and of which study.', usage)
    const { path } = await readStudy(word)
    const to = resolve(values.to ?? path.replace(/\.mirage\.md$/, `.${format}`))
    return withKernel({ onEvent() {} }, async kernel => {
      const { missing } = await kernel.request('export', { path, format, to })
      if (missing.length) console.error(`Without outputs, since they were never run: ${missing.join(', ')}.`)
      console.log(`Wrote ${to}`)
      return 0
    })
  },
}
