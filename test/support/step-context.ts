import { join } from 'node:path'
import type { Compute } from '../../src/kernel/compute/compute.ts'
import type { JobDefinition } from '../../src/kernel/compute/jobs/definition.ts'
import { JOBS } from '../../src/kernel/compute/jobs/index.ts'
import type { StepContext, StepDefinition, StepEvent, StepResult } from '../../src/kernel/step.ts'
import { createFolderStore } from '../../src/kernel/store/folder-store.ts'
import type { Value } from '../../src/kernel/value.ts'

/** Compute in this process: jobs are called directly. */
export function inProcessCompute(storeRoot: string): Compute {
  return {
    run(job, params, { signal, onProgress }) {
      const { run } = JOBS[job] as unknown as JobDefinition<unknown, never, unknown>
      return run(params, { storeRoot, signal, report: progress => onProgress?.(progress as never) })
    },
  }
}

/** What a step is given, for a study in `folder` with its store beside it. */
export function stepContext(folder: string, inputs: Record<string, Value> = {}): StepContext {
  const store = createFolderStore(join(folder, '.mirage-cache'))
  return {
    folder,
    cell: 'cell',
    seed: 1,
    signal: new AbortController().signal,
    store,
    compute: inProcessCompute(store.root),
    input: name => inputs[name] as never,
    inputHash: name => name,
    hasInput: name => name in inputs,
    stepping: false,
    offline: true,
    env: {},
  }
}

export interface StepRun extends StepResult {
  notes: string[]
  progress: Extract<StepEvent, { type: 'progress' }>[]
}

/** Parses the parameters as the session does, runs the step to its end and collects what it said. */
export async function runStep(step: StepDefinition, params: unknown, context: StepContext): Promise<StepRun> {
  const steps = step.run(step.params.parse(params), context)
  const notes: string[] = []
  const progress: StepRun['progress'] = []
  for (;;) {
    const { done, value } = await steps.next()
    if (done) return { ...value, notes, progress }
    if (value.type === 'note') notes.push(value.text)
    if (value.type === 'progress') progress.push(value)
  }
}
