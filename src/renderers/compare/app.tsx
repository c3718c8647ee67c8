import { useEffect, useMemo, useRef } from 'preact/hooks'
import type { ComparePayload } from '../../kernel/protocol/mime.ts'
import type { ViewProps } from '../shared/activate.tsx'
import { useStore } from '../shared/store.ts'
import { type Comparison, createComparison, type RememberedComparison } from './comparison.ts'
import { Findings } from './findings.tsx'
import { Options } from './options.tsx'
import { Readout } from './readout.tsx'
import { Stage } from './stage.tsx'
import { Toolbar } from './toolbar.tsx'

export type CompareProps = Omit<ViewProps<ComparePayload, RememberedComparison>, 'remember'> & {
  remember?: (state: RememberedComparison) => void
}

/** The comparison of the images of one triplet after another. The payload has at least one triplet with images. */
export function Compare({ payload, services, remembered, remember }: CompareProps) {
  const comparison = useMemo(() => createComparison(payload, remembered), [])
  useUpdates(comparison, payload)
  useEffect(() => {
    if (!remember) return
    const save = () => remember(comparison.remembered())
    const ends = [comparison.state.subscribe(save), comparison.motion.subscribe(save)]
    return () => {
      for (const end of ends) end()
    }
  }, [comparison, remember])
  const state = useStore(comparison.state, value => value)

  return (
    <div class="compare" data-mode={state.mode}>
      <Toolbar comparison={comparison} />
      <Options comparison={comparison} />
      <Stage comparison={comparison} pictures={services.pictures} columns={payload.columns} />
      <Readout comparison={comparison} pictures={services.pictures} />
      {state.findings && <Findings comparison={comparison} />}
    </div>
  )
}

function useUpdates(comparison: Comparison, payload: ComparePayload): void {
  const shown = useRef(payload)
  if (shown.current !== payload) {
    shown.current = payload
    comparison.update(payload)
  }
}
