import type { Command } from '../usage.ts'
import { doctor } from './doctor.ts'
import { exportStudy } from './export.ts'
import { models } from './models.ts'
import { providers } from './providers.ts'
import { replay } from './replay.ts'
import { run } from './run.ts'
import { step } from './step.ts'
import { verify } from './verify.ts'
import { version } from './version.ts'

/** Every command by name. */
export const COMMANDS: Record<string, Command> = {
  run,
  step,
  verify,
  export: exportStudy,
  replay,
  models,
  providers,
  doctor,
  version,
  help: {
    summary: 'Shows this.',
    usage: 'mirage help',
    async run() {
      console.log('mirage <command> [options]\n')
      for (const [name, { summary }] of Object.entries(COMMANDS))
        console.log(`  ${name.padEnd(10)} ${summary}`)
      console.log('\n"mirage <command> --help" says more.')
      return 0
    },
  },
}
