/**
 * Reads the value that a browserify bundle of one module exports (`{1:[function(...){m.exports=VALUE},{}]}`), where
 * VALUE is a string or an object literal as a minifier writes it (`!0`, `.5`, keys without quotes). Nothing is
 * evaluated: the literal is rewritten as JSON.
 */
export function readBundledValue(source: string): unknown {
  const marker = source.lastIndexOf('.exports=')
  const end = source.lastIndexOf('},{}]},{},[1])(1)})')
  if (marker < 0 || end < marker) throw new Error('not a browserify bundle of one module')
  return JSON.parse(source.slice(marker + '.exports='.length, end).replace(TOKEN, asJson))
}

/** Strings (left alone), minified booleans, bare keys, and fractions without a leading zero. */
const TOKEN = /"(?:[^"\\]|\\.)*"|!0|!1|[A-Za-z_$][\w$]*(?=:)|(?<!\d)\.\d+/g

function asJson(token: string): string {
  if (token.startsWith('"')) return token
  if (token === '!0') return 'true'
  if (token === '!1') return 'false'
  return token.startsWith('.') ? `0${token}` : `"${token}"`
}
