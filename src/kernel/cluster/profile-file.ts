import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import { MirageError } from '../errors.ts'
import type { Study } from '../protocol/messages.ts'
import { type ClusterProfile, readProfile } from './profile.ts'

const ownFile = () =>
  join(process.env.XDG_CONFIG_HOME ?? join(homedir(), '.config'), 'mirage', 'cluster.yaml')

/**
 * The study's profile (`cluster:` of its front matter) with that of a file over it: the named one, or else the user's
 * own, if there is one.
 *
 * @throws MirageError `profile-invalid`
 */
export async function profileOf({ meta }: Study, file: string | undefined): Promise<ClusterProfile> {
  const { cluster: written } = meta as { cluster?: object }
  const path = file ?? ownFile()
  return readProfile(
    { ...written, ...(await readMapping(path, file !== undefined)) },
    `the front matter (\`cluster:\`) or ${path}`,
  )
}

async function readMapping(path: string, required: boolean): Promise<object> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (!required) return {}
    const { code } = error as NodeJS.ErrnoException
    throw malformed(`The profile ${path} cannot be read: ${code}.`, 'Check the path.')
  }
  const profile: unknown = parse(text)
  if (profile && typeof profile === 'object' && !Array.isArray(profile)) return profile
  throw malformed(`${path} is no mapping of keys to values.`, 'See docs/cluster.md for an example.')
}

const malformed = (message: string, remedy: string) =>
  new MirageError({ code: 'profile-invalid', message, remedy })
