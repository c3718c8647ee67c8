import { CST, Parser, parseDocument } from 'yaml'
import { unresolvedAlias } from '../../notebook/unresolved-alias.ts'

/** A step cell in even spacing; comments, order and quotes stay. What can't be read is left as it is. */
export function format(text: string): string {
  const document = parseDocument(text, { prettyErrors: false })
  if (document.errors.length > 0 || document.contents === null || unresolvedAlias(document)) return text
  return tightLists(document.toString({ lineWidth: 0, indent: 2, flowCollectionPadding: true })).trimEnd()
}

/** Studies are written `{ use: [psnr, ssim] }`; the printer pads lists as it pads maps. */
function tightLists(text: string): string {
  let result = ''
  for (const token of new Parser().parse(text)) {
    if (token.type === 'document') {
      CST.visit(token, ({ value }) => {
        if (value?.type === 'flow-collection' && value.start.type === 'flow-seq-start') tighten(value)
      })
    }
    result += CST.stringify(token)
  }
  return result
}

function tighten(list: CST.FlowCollection): void {
  const first = list.items[0]
  const last = list.items.at(-1)
  if (first) first.start = first.start.filter(({ type }) => type !== 'space')
  // The space in front of the bracket is behind the last value, or an item of its own.
  if (last?.value && 'end' in last.value && Array.isArray(last.value.end)) {
    last.value.end = last.value.end.filter(({ type }) => type !== 'space')
  } else if (last && !last.value && !last.key) {
    last.start = last.start.filter(({ type }) => type !== 'space')
  }
}
