import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { withKernel } from '../kernel.ts'
import { readStudy } from '../study.ts'
import { type Command, parseWords, UsageError } from '../usage.ts'

const usage = `mirage export html|ipynb STUDY.mirage.md [--to FILE]
mirage export job STUDY.mirage.md --for k8s|ray [--profile FILE] [--to FOLDER]

html and ipynb write the study with its saved outputs as one file; nothing is run.
job writes templates with which another engine runs the study's long cells.`

const options = { to: { type: 'string' }, for: { type: 'string' }, profile: { type: 'string' } } as const

export const exportStudy: Command = {
  summary: 'Writes a study as one HTML file, a Jupyter notebook, or jobs for another engine.',
  usage,
  async run(words) {
    const { values, positionals } = parseWords(words, options, usage)
    const [what, word] = positionals
    if (positionals.length !== 2) throw new UsageError('Say what to write, and of which study.', usage)
    if (what === 'job') return exportJob(word, values)
    if (what !== 'html' && what !== 'ipynb') throw new UsageError(`"${what}" is no format.`, usage)
    const { path } = await readStudy(word)
    const to = resolve(values.to ?? path.replace(/\.mirage\.md$/, `.${what}`))
    return withKernel({ onEvent() {} }, async kernel => {
      const { missing } = await kernel.request('export', { path, format: what, to })
      if (missing.length) console.error(`Without outputs, since they were never run: ${missing.join(', ')}.`)
      console.log(`Wrote ${to}`)
      return 0
    })
  },
}

async function exportJob(
  word: string,
  values: { for?: string; profile?: string; to?: string },
): Promise<number> {
  const engine = values.for
  if (engine !== 'k8s' && engine !== 'ray') throw new UsageError('Say the engine.', usage)
  const study = await readStudy(word)
  const folder = resolve(values.to ?? `${study.path.replace(/\.mirage\.md$/, '')}.${engine}`)
  return withKernel({ onEvent() {} }, async kernel => {
    const { files } = await kernel.request('jobTemplate', {
      study,
      engine,
      profile: values.profile && resolve(values.profile),
    })
    await mkdir(folder, { recursive: true })
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
    console.log(`Wrote ${Object.keys(files).join(', ')} to ${folder}`)
    return 0
  })
}
