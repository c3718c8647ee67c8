import { PROTOCOL_VERSION } from '../../kernel/protocol/wire.ts'
import type { App } from '../app.ts'
import { DEFAULT_KEY } from '../session/keys.ts'

const OTHER = 'Another variable...'

/** Asks for a judge's key and keeps it in the secret storage. Running kernels have it from then on. */
export async function setKey(app: App): Promise<void> {
  const name = await chooseName(app, [...new Set([DEFAULT_KEY, ...app.keys.names()]), OTHER])
  if (!name) return
  const key = await app.vscode.window.showInputBox({
    title: `Key for ${name}`,
    prompt: 'Kept in the secret storage of VS Code; given to the kernel in memory, and written nowhere else.',
    password: true,
    ignoreFocusOut: true,
    validateInput: text => (text.trim() === '' ? 'Paste the key of the judge.' : undefined),
  })
  if (!key) return
  await app.keys.set(name, key.trim())
  const env = await app.keys.environment()
  for (const { kernel } of app.studies.all()) {
    await kernel.client?.request('initialize', { protocol: PROTOCOL_VERSION, env })
  }
}

/** Forgets a key. A kernel that has it is ended, as its memory is the only other place. */
export async function clearKey(app: App): Promise<void> {
  const names = app.keys.names()
  if (names.length === 0) {
    await app.vscode.window.showInformationMessage('Mirage keeps no key.')
    return
  }
  const name = await chooseName(app, names)
  if (!name) return
  await app.keys.clear(name)
  await Promise.all(app.studies.all().map(study => study.restart()))
}

async function chooseName(app: App, names: readonly string[]): Promise<string | undefined> {
  const name = await app.vscode.window.showQuickPick(names, {
    title: 'Judge Key',
    placeHolder: 'The environment variable that the key stands for',
  })
  if (name !== OTHER) return name
  return app.vscode.window.showInputBox({
    title: 'Name of the variable',
    prompt: 'As the cell names it, such as GEMINI_API_KEY',
    validateInput: text =>
      /^[A-Z][A-Z0-9_]*$/.test(text) ? undefined : 'Capital letters, digits and underscores.',
  })
}
