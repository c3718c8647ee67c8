/** Puts `[key]` in place of every occurrence of a secret, also in the encodings in which a server may echo it. */
export function redactor(secrets: readonly (string | undefined)[]): (text: string) => string {
  const forms = new Set<string>()
  for (const secret of secrets) {
    if (!secret) continue
    const json = JSON.stringify(secret).slice(1, -1)
    // PHP escapes slashes as well, .NET whatever could mean something in HTML.
    const php = json.replaceAll('/', '\\/')
    const dotnet = json.replace(/[+&<>'`]/g, char => `\\u00${char.charCodeAt(0).toString(16).toUpperCase()}`)
    for (const form of [secret, encodeURIComponent(secret), json, php, dotnet]) forms.add(form)
    forms.add(Buffer.from(secret).toString('base64'))
  }
  // The longest first, so that no part of a longer form is left over.
  const ordered = [...forms].sort((a, b) => b.length - a.length)
  return text => ordered.reduce((result, form) => result.replaceAll(form, '[key]'), text)
}
