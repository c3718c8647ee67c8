import { useState } from 'preact/hooks'

/** Runs what may fail and says how it ended, in a line that screen readers hear. */
export function useAction() {
  const [message, setMessage] = useState<{ text: string; failed: boolean } | undefined>()
  const run = (action: () => Promise<unknown>, done: string) =>
    action().then(
      () => setMessage({ text: done, failed: false }),
      error => setMessage({ text: error instanceof Error ? error.message : String(error), failed: true }),
    )
  const status = (
    <span role="status" class={message?.failed ? 'm-error' : 'm-muted'}>
      {message?.text}
    </span>
  )
  return { run, status }
}
