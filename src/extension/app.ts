import type { KernelClient } from '../kernel/protocol/client.ts'
import type { LanguageSource } from './providers/source.ts'
import type { JudgeKeys } from './session/keys.ts'
import type { OpenStudy } from './session/open-study.ts'
import type { Studies } from './session/studies.ts'
import type { vscode } from './vscode.ts'

/** What commands and views share: the parts of the running extension. */
export interface App {
  readonly vscode: typeof vscode
  readonly context: Pick<vscode.ExtensionContext, 'extensionUri' | 'subscriptions'>
  readonly log: vscode.LogOutputChannel
  readonly studies: Studies
  readonly keys: JudgeKeys
  readonly source: LanguageSource
  /** The study of the active notebook editor. */
  active(): OpenStudy | undefined
  /** The kernel of the active study, or one for this question alone. */
  withKernel<T>(act: (kernel: KernelClient) => Promise<T>): Promise<T>
  /** Makes a study runnable (trusted, saved, every cell with an id), or says what the person has to do and is false. */
  prepare(study: OpenStudy): Promise<boolean>
}
