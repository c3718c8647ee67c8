import { resolve } from 'node:path'
import { isStudyPath } from '../../notebook/paths.ts'
import { withKernel } from '../kernel.ts'
import { type Command, parseWords, UsageError } from '../usage.ts'

const usage = `mirage replay pack STUDY.mirage.md BUNDLE.jsonl
mirage replay unpack STUDY.mirage.md BUNDLE.jsonl

pack writes the judges' answers behind the study's scores to one file. With it, "mirage run STUDY --replay BUNDLE" gives
the same scores without a key and without a network, and fails on a question that the bundle does not hold.
unpack copies a bundle's answers into the study's cache, where later runs find them.`

const ACTIONS = ['pack', 'unpack'] as const

export const replay: Command = {
  summary: "Packs the judges' answers of a study, so that others can repeat its scores.",
  usage,
  run(words) {
    const { positionals } = parseWords(words, {}, usage)
    const [word, study, bundle] = positionals
    const action = ACTIONS.find(known => known === word)
    if (!action || positionals.length !== 3)
      throw new UsageError('Name pack or unpack, a study and a bundle.', usage)
    if (!isStudyPath(study))
      throw new UsageError(`${study} is not a study.`, 'Name a file that ends in .mirage.md.')
    return withKernel({ onEvent() {} }, async kernel => {
      const { answers } = await kernel.request('replay', {
        path: resolve(study),
        action,
        bundle: resolve(bundle),
      })
      console.log(
        `${answers} ${answers === 1 ? 'answer' : 'answers'} ${action === 'pack' ? 'packed into' : 'taken from'} ${bundle}.`,
      )
      return 0
    })
  },
}
