import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks'
import type { ComparePayload } from '../../kernel/protocol/mime.ts'
import type { ViewProps } from '../shared/activate.tsx'
import { useStore } from '../shared/ui/store.ts'
import { Crop } from './crop.tsx'
import { Findings } from './findings.tsx'
import { Help } from './help.tsx'
import { Loupe } from './loupe.tsx'
import { type Comparison, createComparison, type RememberedComparison } from './model/comparison.ts'
import { showMethods } from './model/state.ts'
import { Options } from './options.tsx'
import { Readout } from './readout.tsx'
import { Stage } from './stage.tsx'
import { Toolbar } from './toolbar.tsx'

export type CompareProps = Omit<ViewProps<ComparePayload, RememberedComparison>, 'remember' | 'cell'> & {
  remember?: (state: RememberedComparison) => void
  /** Id of the triplet to look at, when somebody else chooses. */
  at?: string
  /** Methods that are asked about: they are shown beside LR and GT. */
  methods?: readonly string[]
}

/** The comparison of the images of one triplet after another. The payload has at least one triplet with images. */
export function Compare({ payload, services, remembered, remember, at, methods }: CompareProps) {
  const comparison = useMemo(() => createComparison(payload, remembered), [])
  useUpdates(comparison, payload)
  useLayoutEffect(() => {
    const index = comparison.triplets().findIndex(({ id }) => id === at)
    if (index >= 0) comparison.go(index)
  }, [comparison, at])
  useLayoutEffect(() => {
    if (methods) comparison.state.set(showMethods(comparison.state.get(), comparison.images(), methods))
  }, [comparison, at, methods?.join('\n')])
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
      {state.crop && <Crop comparison={comparison} services={services} columns={payload.columns} />}
      {state.loupe && <Loupe comparison={comparison} pictures={services.pictures} />}
      <Readout comparison={comparison} pictures={services.pictures} />
      {state.help && <Help />}
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
