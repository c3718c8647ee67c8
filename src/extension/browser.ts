import { startBrowser } from './browser/start.ts'
import { vscode } from './vscode.ts'

/** Entry where there is no machine behind the editor (github.dev, vscode.dev): studies open, show and export. */
export function activate(context: vscode.ExtensionContext): void {
  startBrowser(vscode, context)
}
