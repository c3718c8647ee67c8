import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A server on this machine that takes requests and never answers: a judge that hangs. */
export async function startSilentServer(): Promise<{ url: string; requests(): number; stop(): void }> {
  let requests = 0
  const server = createServer(() => {
    requests++
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/v1`,
    requests: () => requests,
    stop() {
      server.closeAllConnections()
      server.close()
    },
  }
}
