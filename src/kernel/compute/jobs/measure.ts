import { FeatureExtractor } from '../../metrics/features/extractor.ts'
import { measureRows } from '../../metrics/measure.ts'
import type { MeasuredRow, Use } from '../../metrics/row.ts'
import { hashOf } from '../../store/canonical.ts'
import { createFolderStore } from '../../store/folder-store.ts'
import type { Row } from '../../value.ts'
import type { JobDefinition } from './definition.ts'

export interface MeasureParams {
  rows: Pick<Row, 'images'>[]
  uses: Use[]
  /** Makes overlays of the metrics that have a map. */
  maps: boolean
}

/** Measures rows; results in their order. */
export const measure: JobDefinition<MeasureParams, MeasuredRow[], { done: number }> = {
  async run({ rows, uses, maps }, { storeRoot, signal, report }) {
    const store = createFolderStore(storeRoot)
    const networks = new Map<string, FeatureExtractor>()
    try {
      for (const { network } of uses) {
        if (network && !networks.has(hashOf(network))) {
          networks.set(hashOf(network), await FeatureExtractor.open(network, store))
        }
      }
      const networkOf = ({ network }: Use) => network && networks.get(hashOf(network))
      const atOnce = Math.max(1, ...[...networks.values()].map(({ batch }) => batch))
      const measured: MeasuredRow[] = []
      while (measured.length < rows.length) {
        signal.throwIfAborted()
        const group = rows.slice(measured.length, measured.length + atOnce).map(({ images }) => images)
        measured.push(...(await measureRows(group, uses, { store, maps, networkOf })))
        report({ done: measured.length })
      }
      return measured
    } finally {
      for (const network of networks.values()) await network.end()
    }
  },
}
