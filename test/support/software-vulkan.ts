import { existsSync, readdirSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'

/** Where scripts/vulkan.ts unpacks a software Vulkan driver. */
export function vulkanFolder(env: NodeJS.ProcessEnv = process.env): string {
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'mirage', 'vulkan')
}

/**
 * The environment in which a process finds Mesa's software driver ("lavapipe") as its only Vulkan driver; undefined where
 * scripts/vulkan.ts could not unpack one.
 */
export function softwareVulkan(env: NodeJS.ProcessEnv = process.env): Record<string, string> | undefined {
  const root = vulkanFolder(env)
  const libraries = firstOf(join(root, 'usr', 'lib'), name =>
    existsSync(join(root, 'usr', 'lib', name, LIBRARY)),
  )
  const drivers = join(root, 'usr', 'share', 'vulkan', 'icd.d')
  const driver = firstOf(drivers, name => name.startsWith('lvp_icd'))
  if (libraries === undefined || driver === undefined) return undefined
  return {
    LD_LIBRARY_PATH: [libraries, env.LD_LIBRARY_PATH].filter(Boolean).join(':'),
    VK_DRIVER_FILES: driver,
    // The older name, for loaders before 1.3.207.
    VK_ICD_FILENAMES: driver,
    XDG_RUNTIME_DIR: env.XDG_RUNTIME_DIR ?? tmpdir(),
  }
}

const LIBRARY = 'libvulkan_lvp.so'

function firstOf(folder: string, wanted: (name: string) => boolean): string | undefined {
  const name = existsSync(folder) ? readdirSync(folder).find(wanted) : undefined
  return name && join(folder, name)
}
