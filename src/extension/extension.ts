import { FallbackSerializer } from './document/fallback-serializer.ts'
import { NOTEBOOK_TYPE } from './document/notebook-data.ts'
import { start } from './start.ts'
import { vscode } from './vscode.ts'

export function activate(context: vscode.ExtensionContext): void {
  try {
    start(vscode, context)
  } catch (error) {
    for (const part of context.subscriptions.splice(0)) part.dispose()
    const fallback = new FallbackSerializer(vscode, error)
    context.subscriptions.push(vscode.workspace.registerNotebookSerializer(NOTEBOOK_TYPE, fallback))
    console.error('Mirage could not start.', error)
  }
}
