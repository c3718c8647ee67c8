import { styleText } from 'node:util'
import { withKernel } from '../kernel.ts'
import type { Command } from '../usage.ts'

const MARK = {
  ok: styleText('green', 'ok     '),
  warning: styleText('yellow', 'warning'),
  missing: styleText('red', 'missing'),
} as const

export const doctor: Command = {
  summary: 'Says what works on this machine, what does not, and why.',
  usage: 'mirage doctor [--json]',
  run: words =>
    withKernel({ onEvent() {} }, async kernel => {
      const { report } = await kernel.request('doctor', {})
      if (words.includes('--json')) {
        console.log(JSON.stringify(report, null, 2))
        return 0
      }
      for (const { area, name, state, detail, remedy } of report) {
        console.log(`${MARK[state]} ${area.padEnd(10)} ${name.padEnd(12)} ${detail}`)
        if (remedy) console.log(`${''.padEnd(31)} -> ${remedy}`)
      }
      return 0
    }),
}
