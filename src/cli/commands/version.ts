import { withKernel } from '../kernel.ts'
import type { Command } from '../usage.ts'

export const version: Command = {
  summary: 'Versions of Mirage and of the Node that runs it.',
  usage: 'mirage version',
  run: () =>
    withKernel({ onEvent() {} }, async kernel => {
      console.log(`mirage ${kernel.info.version}, Node ${kernel.info.node}`)
      return 0
    }),
}
