import { access, constants, stat } from 'node:fs/promises'
import { totalmem } from 'node:os'
import { join } from 'node:path'
import type { Compute } from './compute/compute.ts'
import { CATALOG } from './models/catalog.ts'
import { probeProviders } from './models/probe.ts'
import { PROVIDERS } from './models/providers.ts'
import type { DoctorRow } from './protocol/messages.ts'

export interface Patient {
  compute: Compute
  /** Folder of what comes with Mirage. */
  assets: string
  env: Readonly<Record<string, string | undefined>>
}

/** Looks at everything that a study may need, and says what works, what does not and why. */
export async function doctor(patient: Patient): Promise<DoctorRow[]> {
  return [runtime(), ...(await providers(patient)), ...(await models(patient)), judge(patient)]
}

function runtime(): DoctorRow {
  const memory = `${(totalmem() / 2 ** 30).toFixed(1)} GiB of memory`
  return {
    area: 'runtime',
    name: 'Node',
    state: 'ok',
    detail: `${process.version} ${process.platform}-${process.arch}, ${memory}`,
  }
}

async function providers({ compute }: Patient): Promise<DoctorRow[]> {
  // Asked anew, and what is found holds for the cells that run next.
  compute.probed?.clear()
  const states = await probeProviders(compute, new AbortController().signal)
  return states
    .filter(({ name }) => PROVIDERS[name].platforms.includes(process.platform))
    .map(({ name, works, reason, milliseconds }) => {
      const { label, needs, add } = PROVIDERS[name]
      if (works) {
        const detail = `${label} ran a test convolution in ${milliseconds!.toFixed(1)} ms`
        return { area: 'provider', name, state: 'ok', detail }
      }
      return {
        area: 'provider',
        name,
        state: 'missing',
        detail: `${label}: ${reason}`,
        remedy: `needs ${needs}; ${add}`,
      }
    })
}

async function models({ assets }: Patient): Promise<DoctorRow[]> {
  const shipped = Object.values(CATALOG).filter(({ origin }) => origin)
  return Promise.all(
    shipped.map(async ({ manifest: { id, summary } }): Promise<DoctorRow> => {
      const path = join(assets, 'models', `${id}.onnx`)
      try {
        await access(path, constants.R_OK)
        const { size } = await stat(path)
        return { area: 'model', name: id, state: 'ok', detail: `${summary} ${(size / 1e6).toFixed(1)} MB` }
      } catch {
        return {
          area: 'model',
          name: id,
          state: 'missing',
          detail: `${path} is not there`,
          remedy: 'npm run build',
        }
      }
    }),
  )
}

function judge({ env }: Patient): DoctorRow {
  const name = 'OPENAI_API_KEY'
  if (env[name]) return { area: 'judge', name, state: 'ok', detail: 'set (never shown or stored)' }
  return {
    area: 'judge',
    name,
    state: 'warning',
    detail: 'not set: cells that ask an endpoint leave their scores empty',
    remedy: 'set the variable, or in VS Code run "Mirage: Set Judge Key"',
  }
}
