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

/** Refuses flags of a cluster run where none was asked for: `--cancel` alone would run the study here. */
export function refuseClusterFlags(flags: Flags): void {
  const stray = (['cancel', 'resume', 'detach', 'profile'] as const).find(name => flags[name] !== undefined)
  if (stray) throw new UsageError(`--${stray} is about a run on a cluster.`, `Write: --on slurm --${stray}`)
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
