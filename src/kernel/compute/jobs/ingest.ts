import { mapConcurrently } from '../../concurrent.ts'
import { type IngestedImage, ingestFile } from '../../images/ingest.ts'
import { createFolderStore } from '../../store/folder-store.ts'
import type { JobDefinition } from './definition.ts'

export interface IngestParams {
  /** `path` absolute, `name` relative to the study. */
  files: { path: string; name: string }[]
}

/** Files read at once: enough to hide the latency of a network folder. */
const AT_ONCE = 4

/** Brings image files into the store; results in the order of the files. */
export const ingest: JobDefinition<IngestParams, IngestedImage[], { done: number }> = {
  async run({ files }, { storeRoot, signal, report }) {
    const store = createFolderStore(storeRoot)
    let done = 0
    return mapConcurrently(
      files,
      AT_ONCE,
      async ({ path, name }) => {
        const ingested = await ingestFile(store, path, name)
        report({ done: ++done })
        return ingested
      },
      signal,
    )
  },
}
