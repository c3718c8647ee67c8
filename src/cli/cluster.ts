import { resolve } from 'node:path'
import type { RequestParams } from '../kernel/protocol/messages.ts'
import { UsageError } from './usage.ts'

interface Flags {
  on?: string
  profile?: string
  resume?: boolean
  detach?: boolean
  cancel?: boolean
}

/** What `--on slurm` and its companions ask of the kernel. */
export function clusterOptions(flags: Flags): Omit<RequestParams<'cluster'>, 'request'> {
  if (flags.on !== 'slurm') {
    throw new UsageError(
      `"${flags.on}" is no engine that studies run on.`,
      'Engines: slurm. For others see: mirage export job',
    )
  }
  const action = flags.cancel ? 'cancel' : flags.resume ? 'resume' : flags.detach ? 'detach' : 'run'
  return { action, profile: flags.profile && resolve(flags.profile) }
}
