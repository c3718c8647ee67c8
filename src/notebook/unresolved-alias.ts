import { type Alias, type Document, visit } from 'yaml'

/**
 * The first alias without an anchor before it, which YAML's parser lets through. Mostly it is a glob that was meant as
 * text: `*.png` without quotes.
 */
export function unresolvedAlias(document: Document): Alias.Parsed | undefined {
  let found: Alias.Parsed | undefined
  visit(document, {
    Alias(_, alias) {
      if (alias.resolve(document)) return undefined
      found = alias as Alias.Parsed
      return visit.BREAK
    },
  })
  return found
}
