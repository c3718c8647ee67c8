import type { RendererContext } from 'vscode-notebook-renderer'
import type { RendererReply, RendererRequest } from '../../kernel/protocol/mime.ts'

/** Requests that are answered, by `type`, without the number that `ask` adds. */
type Question<R = RendererRequest> = R extends { request: number } ? Omit<R, 'request'> : never
type Notice = Exclude<RendererRequest, { request: number }>

/** The far side of a renderer: the extension host, when there is one. */
export interface Host {
  /**
   * Resolves with the answer; rejects with the host's reason. What only reads is asked again after `patience` ms, since
   * a busy page may miss an answer, and rejects after the third time; a person may take any time to answer a dialog.
   */
  ask(question: Question): Promise<Exclude<RendererReply, { type: 'failed' }>>
  /** Sends without waiting. */
  tell(notice: Notice): void
  dispose(): void
}

/** Times that an image is asked for. */
const ATTEMPTS = 3

type Channel = Pick<RendererContext<unknown>, 'postMessage' | 'onDidReceiveMessage'>

/** Undefined where nobody listens: an exported page, or a viewer without the extension. */
export function connect(channel: Channel, patience = 20_000): Host | undefined {
  const { postMessage, onDidReceiveMessage } = channel
  if (!postMessage || !onDidReceiveMessage) return undefined
  const waiting = new Map<number, (reply: RendererReply | undefined) => void>()
  let last = 0
  const subscription = onDidReceiveMessage((message: unknown) => {
    const reply = message as RendererReply
    if (typeof reply?.request === 'number') waiting.get(reply.request)?.(reply)
  })
  return {
    ask(question) {
      const request = ++last
      return new Promise((resolve, reject) => {
        let timer: ReturnType<typeof setTimeout> | undefined
        const settle = (reply: RendererReply | undefined) => {
          clearTimeout(timer)
          waiting.delete(request)
          if (!reply) reject(new Error('The extension did not answer.'))
          else if (reply.type === 'failed') reject(new Error(reply.message))
          else resolve(reply)
        }
        const post = (attempts: number) => {
          if (attempts === 0) return settle(undefined)
          postMessage({ ...question, request })
          if (question.type === 'load') timer = setTimeout(post, patience, attempts - 1)
        }
        waiting.set(request, settle)
        post(ATTEMPTS)
      })
    },
    tell: notice => postMessage(notice),
    dispose() {
      for (const settle of [...waiting.values()]) settle(undefined)
      subscription?.dispose()
    },
  }
}
