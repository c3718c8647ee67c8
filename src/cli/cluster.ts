import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
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
export async function clusterOptions(flags: Flags): Promise<Omit<RequestParams<'cluster'>, 'request'>> {
  if (flags.on !== 'slurm') {
    throw new UsageError(
      `"${flags.on}" is no engine that studies run on.`,
      'Engines: slurm. For others see: mirage export job',
    )
  }
  const action = flags.cancel ? 'cancel' : flags.resume ? 'resume' : flags.detach ? 'detach' : 'run'
  const profile = await readProfileFile(flags.profile)
  const command = typeof profile.command === 'string' ? [profile.command] : thisInstallation()
  return { profile, action, command }
}

/** Nodes share this installation's folder unless the profile names a command of theirs. */
export function thisInstallation(): string[] {
  return [process.execPath, '--enable-source-maps', fileURLToPath(import.meta.url)]
}

const DEFAULT_PROFILE = join(
  process.env.XDG_CONFIG_HOME ?? join(homedir(), '.config'),
  'mirage',
  'cluster.yaml',
)

/** The profile in a file; the user's own one, or none, by default. */
export async function readProfileFile(path: string | undefined): Promise<Record<string, unknown>> {
  let text: string
  try {
    text = await readFile(path ?? DEFAULT_PROFILE, 'utf8')
  } catch (error) {
    if (path === undefined) return {}
    throw new UsageError(
      `The profile ${path} cannot be read: ${(error as NodeJS.ErrnoException).code}.`,
      'Check the path.',
    )
  }
  const profile: unknown = parse(text)
  if (profile && typeof profile === 'object' && !Array.isArray(profile))
    return profile as Record<string, unknown>
  throw new UsageError(
    `${path ?? DEFAULT_PROFILE} is no mapping of keys to values.`,
    'See docs/cluster.md for an example.',
  )
}
