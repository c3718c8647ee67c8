import { type Degraded, degrade as degradeOne } from '../../images/degrade.ts'
import type { ImageRef } from '../../protocol/mime.ts'
import { createFolderStore } from '../../store/folder-store.ts'
import type { JobDefinition } from './definition.ts'

export interface DegradeParams {
  /** `name` is what the LR image is called. */
  images: { gt: ImageRef; name: string }[]
  /** GT to LR side ratio. */
  scale: number
}

/** Makes LR images from GT images; results in the order of the images. */
export const degrade: JobDefinition<DegradeParams, Degraded[], { done: number }> = {
  async run({ images, scale }, { storeRoot, signal, report }) {
    const store = createFolderStore(storeRoot)
    const made: Degraded[] = []
    for (const { gt, name } of images) {
      signal.throwIfAborted()
      made.push(await degradeOne(store, gt, scale, name))
      report({ done: made.length })
    }
    return made
  },
}
