import { randomUUID } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { MirageError } from '../errors.ts'
import type { ScriptScope } from './scope.ts'

/** Where a module that is being loaded finds its scope. */
const scopes = new Map<string, ScriptScope>()
const SCOPE_OF = Symbol.for('mirage.scopeOf')
Object.defineProperty(globalThis, SCOPE_OF, { value: (id: string) => scopes.get(id) })

/**
 * Runs a script cell as a module of its own, so that top-level `await` works, a `const` may be run again, and imports
 * resolve from the study's folder up. Types are stripped by Node. Returns the default export.
 *
 * @param folder of the study's cache; the module lies in it while it runs
 * @throws MirageError `script-failed` with the cell's line
 */
export async function runModule(text: string, scope: ScriptScope, folder: string): Promise<unknown> {
  const id = randomUUID()
  const path = join(folder, 'scripts', `${id}.ts`)
  await mkdir(join(folder, 'scripts'), { recursive: true })
  // On the first line, so that line numbers stay the cell's.
  const names = Object.keys(scope.results)
  const prelude = `const { results, steps, show, seed, signal } = globalThis[Symbol.for('mirage.scopeOf')]('${id}'); ${names.length ? `const { ${names.join(', ')} } = results; ` : ''}`
  await writeFile(path, prelude + text)
  scopes.set(id, scope)
  try {
    const module: { default?: unknown } = await import(pathToFileURL(path).href)
    return module.default
  } catch (error) {
    throw explain(error, path, prelude.length)
  } finally {
    scopes.delete(id)
    await rm(path, { force: true })
  }
}

function explain(error: unknown, path: string, preludeLength: number): unknown {
  if (error instanceof MirageError) return error
  const {
    message,
    stack = '',
    name,
  } = error instanceof Error ? error : { message: String(error), stack: '', name: 'Error' }
  const place = stack.split('\n').find(line => line.includes(path))
  const [, line, column] = place?.slice(place.indexOf(path) + path.length).match(/:(\d+)(?::(\d+))?/) ?? []
  const shift = line === '1' ? preludeLength : 0
  return new MirageError(
    {
      code: 'script-failed',
      message: `${name}: ${message.replaceAll(path, 'this cell')}`,
      remedy: line
        ? 'See the line that is marked.'
        : 'Check the syntax of the cell; enums and namespaces are not supported.',
      ...(line && { at: { line: Number(line), column: Math.max(1, Number(column ?? 1) - shift) } }),
    },
    { cause: error },
  )
}
