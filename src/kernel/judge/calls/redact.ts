/** Puts `[key]` in place of every occurrence of a secret, also in the encodings in which a server may echo it. */
export function redactor(secrets: readonly (string | undefined)[]): (text: string) => string {
  const forms = new Set<string>()
  for (const secret of secrets) {
    if (!secret) continue
    for (const form of [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)])
      forms.add(form)
    forms.add(Buffer.from(secret).toString('base64'))
  }
  // The longest first, so that no part of a longer form is left over.
  const ordered = [...forms].sort((a, b) => b.length - a.length)
  return text => ordered.reduce((result, form) => result.replaceAll(form, '[key]'), text)
}
