import { isMap, isScalar, type Pair, parseDocument, YAMLMap } from 'yaml'
import { Failure } from '../failure.ts'
import { format } from '../language/format.ts'

export interface RowTags {
  id: string
  method: string | null
  tags: readonly string[]
}

/** Tags of the methods that are not named. */
const OTHERS = '*'

/**
 * The text of a `gallery` cell in which a row has these tags and no others. Comments and the rest of the text stay.
 *
 * @throws Failure for a text that is no readable `gallery` cell
 */
export function withRowTags(text: string, { id, method, tags }: RowTags): string {
  const document = parseDocument(text)
  const root = document.contents
  const [pair] = isMap(root) ? (root.items as Pair[]) : []
  const name = pair && isScalar(pair.key) ? String(pair.key.value) : undefined
  if (document.errors.length > 0 || name !== 'gallery' || !isMap(pair.value)) {
    throw new Failure({
      code: 'tags-nowhere',
      message: 'The cell that shows the gallery is no longer a readable `gallery` cell.',
      remedy: 'Correct the cell, run it, and tag again.',
    })
  }
  const list = (items: readonly string[]) => document.createNode(items, { flow: true })
  const place = [name, 'tags', id]
  const known = document.toJS()[name].tags?.[id] as string[] | Record<string, string[]> | undefined
  if (method === null) document.setIn(place, list(tags))
  else {
    const byMethod = Array.isArray(known) ? { [OTHERS]: known } : known
    const next = { ...byMethod, [method]: tags }
    const node = new YAMLMap(document.schema)
    for (const [key, items] of Object.entries(next)) node.set(key, list(items))
    document.setIn(place, node)
  }
  return format(document.toString({ lineWidth: 0 }))
}
