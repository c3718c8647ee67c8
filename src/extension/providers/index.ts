import type { OpenStudy } from '../session/open-study.ts'
import type { vscode } from '../vscode.ts'
import { registerNames } from './names.ts'
import { followProblems } from './problems.ts'
import { registerPrompts } from './prompts.ts'
import { followScripts } from './script-types.ts'
import { type LanguagePorts, registerProviders } from './steps.ts'

/** Everything that helps to write cells. Works without a kernel, and in a workspace that is not trusted. */
export function registerLanguage(
  ports: LanguagePorts,
  onOpen: vscode.Event<OpenStudy>,
  onResults: vscode.Event<void>,
): vscode.Disposable {
  return ports.vscode.Disposable.from(
    registerProviders(ports),
    registerNames(ports),
    registerPrompts(ports),
    followProblems(ports, onOpen),
    followScripts(ports, onOpen, onResults),
  )
}
