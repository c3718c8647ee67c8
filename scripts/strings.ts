/**
 * Writes l10n/bundle.l10n.json, from which the extension is translated, beside package.nls.json: every text that the
 * extension gives to `l10n.t`. VS Code's own tool finds only those of modules that import `vscode`, and one of ours does.
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs'

const BUNDLE = 'l10n/bundle.l10n.json'

/** A quoted first argument, on the same line or the next. */
const CALL = /l10n\.t\(\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")/g

export function bundleText(): string {
  const texts = globSync('src/extension/**/*.ts').flatMap(path =>
    [...readFileSync(path, 'utf8').matchAll(CALL)].map(([, single, double]) => single ?? double),
  )
  const sorted = [...new Set(texts)].sort()
  return `${JSON.stringify(Object.fromEntries(sorted.map(text => [text, text])), null, 2)}\n`
}

if (import.meta.main) writeFileSync(BUNDLE, bundleText())
