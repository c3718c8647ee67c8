import type { SavedCellOutputs, SavedItem, SavedOutputs } from './outputs.ts'

/** Name of the page: what GitHub and others show when the outputs folder is opened. */
export const OUTPUTS_PAGE = 'README.md'

/** Letters of one text; the rest is in the study. */
const MOST_LETTERS = 2000

export interface PageParts {
  /** File name of the study. */
  study: string
  /** Ids of its cells, in document order. */
  cells: readonly string[]
  saved: SavedOutputs
}

/**
 * The saved outputs as a page of Markdown, for those who look at a study where there is no Mirage: of each output its
 * picture, and its text as a block of code, so that nothing of it is read as Markdown or HTML. The same outputs give
 * the same page.
 */
export function printOutputsPage({ study, cells, saved }: PageParts): string {
  const shown = cells.filter(id => Object.hasOwn(saved.cells, id))
  const head = [
    '<!-- Written by Mirage after each run. -->',
    `# Outputs of [${escaped(study)}](../${encodeURIComponent(study)})`,
  ]
  const sections = shown.map(id => [`## ${escaped(id)}`, ...blocksOf(id, saved.cells[id])].join('\n\n'))
  return `${[...head, ...sections].join('\n\n')}\n`
}

function blocksOf(id: string, { outputs }: SavedCellOutputs): string[] {
  return outputs.flatMap(({ id: output, items }) => {
    const picture = items.find(isPicture)
    const text = items.find(item => 'text' in item && item.mime === 'text/plain') as
      | { text: string }
      | undefined
    return [
      ...(picture ? [`![${escaped(`${id}: ${output}`)}](${picture.file})`] : []),
      ...(text && text.text.trim() !== '' ? [fenced(shortened(text.text))] : []),
    ]
  })
}

const isPicture = (item: SavedItem): item is SavedItem & { file: string } =>
  'file' in item && item.mime.startsWith('image/')

function shortened(text: string): string {
  return text.length <= MOST_LETTERS ? text.trimEnd() : `${text.slice(0, MOST_LETTERS).trimEnd()}\n...`
}

/** A fence that is longer than any in the text. */
function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}text\n${text}\n${fence}`
}

const escaped = (text: string) => text.replace(/[\\`*_{}[\]<>#|!&]/g, '\\$&')
