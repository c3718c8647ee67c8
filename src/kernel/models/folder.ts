import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** Where the models that come with Mirage lie: beside the bundle, or in `dist` when run from source. */
export function embeddedModels(): string {
  const beside = join(import.meta.dirname, 'models')
  return existsSync(beside) ? beside : join(import.meta.dirname, '..', '..', '..', 'dist', 'models')
}

/** Where models that the user adds lie; `XDG_CACHE_HOME` moves it. */
export function userModels(env: NodeJS.ProcessEnv = process.env): string {
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'mirage', 'models')
}

/** The file of a model that the user added, or undefined. One with files of outside data lies in a folder of its own. */
export function addedModel(id: string, folder = userModels()): string | undefined {
  return [join(folder, `${id}.onnx`), join(folder, id, `${id}.onnx`)].find(path => existsSync(path))
}
