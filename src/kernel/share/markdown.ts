import MarkdownIt from 'markdown-it'

/** Bytes of a local image that prose shows, or undefined when it is not to be embedded. */
export type ImageLookup = (path: string) => { mime: string; base64: string } | undefined

/** Prose as HTML. Raw HTML in it is shown as text, and links can only be the harmless kinds. */
export function proseToHtml(text: string, lookup: ImageLookup): string {
  const markdown = new MarkdownIt({ html: false, linkify: true, typographer: false })
  const plain = markdown.renderer.rules.image
  markdown.renderer.rules.image = (tokens, index, options, env, self) => {
    const token = tokens[index]
    const found = lookup(String(token.attrGet('src') ?? ''))
    if (found) token.attrSet('src', `data:${found.mime};base64,${found.base64}`)
    return plain ? plain(tokens, index, options, env, self) : self.renderToken(tokens, index, options)
  }
  // An embedded picture is a data URL, which the default check refuses for links as well.
  const check = markdown.validateLink
  markdown.validateLink = url => check(url) && !/^\s*data:/i.test(url)
  return markdown.render(text)
}
