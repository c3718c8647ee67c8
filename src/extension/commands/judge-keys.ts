import { PROTOCOL_VERSION } from '../../kernel/protocol/wire.ts'
import type { App } from '../app.ts'
import { DEFAULT_KEY } from '../session/keys.ts'

/** Asks for a judge's key and keeps it in the secret storage. Running kernels have it from then on. */
export async function setKey(app: App): Promise<void> {
  const { l10n } = app.vscode
  const name = await chooseName(
    app,
    [...new Set([DEFAULT_KEY, ...app.keys.names()])],
    l10n.t('Another variable...'),
  )
  if (!name) return
  const key = await app.vscode.window.showInputBox({
    title: l10n.t('Key for {0}', name),
    prompt: l10n.t(
      'Kept in the secret storage of VS Code; given to the kernel in memory, and written nowhere else.',
    ),
    password: true,
    ignoreFocusOut: true,
    validateInput: text => (text.trim() === '' ? l10n.t('Paste the key of the judge.') : undefined),
  })
  if (!key) return
  await app.keys.set(name, key.trim())
  const env = await app.keys.environment()
  for (const { kernel } of app.studies.all()) {
    await kernel.client?.request('initialize', { protocol: PROTOCOL_VERSION, env })
  }
}

/**
 * Forgets a key. The kernels of this window are ended, since they have it in their memory; those of other windows keep it
 * until they end.
 */
export async function clearKey(app: App): Promise<void> {
  const names = app.keys.names()
  if (names.length === 0) {
    await app.vscode.window.showInformationMessage(app.vscode.l10n.t('Mirage keeps no key.'))
    return
  }
  const name = await chooseName(app, names)
  if (!name) return
  if (app.studies.all().some(({ runner }) => runner.busy)) {
    const clear = app.vscode.l10n.t('Clear and End What Runs')
    const question = app.vscode.l10n.t(
      'Kernels that have the key are ended, and a cell is running. Clear it now?',
    )
    if ((await app.vscode.window.showWarningMessage(question, { modal: true }, clear)) !== clear) return
  }
  await app.keys.clear(name)
  await Promise.all(app.studies.all().map(study => study.restart()))
}

async function chooseName(
  { vscode: { window, l10n } }: App,
  names: readonly string[],
  other?: string,
): Promise<string | undefined> {
  const name = await window.showQuickPick(other ? [...names, other] : names, {
    title: l10n.t('Judge Key'),
    placeHolder: l10n.t('The environment variable that the key stands for'),
  })
  if (name === undefined || name !== other) return name
  return window.showInputBox({
    title: l10n.t('Name of the variable'),
    prompt: l10n.t('As the cell names it, such as GEMINI_API_KEY'),
    validateInput: text =>
      /^[A-Z][A-Z0-9_]*$/.test(text) ? undefined : l10n.t('Capital letters, digits and underscores.'),
  })
}
