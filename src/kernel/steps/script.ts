import * as z from 'zod'
import { Channel } from '../channel.ts'
import { runModule } from '../script/module.ts'
import { boundValue, outputOf } from '../script/outputs.ts'
import { createScope } from '../script/scope.ts'
import type { StepDefinition, StepEvent } from '../step.ts'

const params = z.strictObject({ text: z.string(), names: z.array(z.string()), as: z.string().optional() })

/** A script cell: TypeScript over the named results, with the steps as functions. */
export function scriptCell(steps: Readonly<Record<string, StepDefinition>>): StepDefinition<typeof params> {
  return {
    name: 'script',
    version: 1,
    summary: 'TypeScript with top-level await; the default export is the result.',
    params,
    granularity: 'table',
    async *run({ text, names }, context) {
      const events = new Channel<StepEvent>()
      const shown: unknown[] = []
      const scope = createScope({
        context,
        names,
        steps,
        emit: event => {
          if (event.type !== 'output') events.push(event)
        },
        show: value => shown.push(value),
      })
      const running = runModule(text, scope, context.store.root)
      running.then(
        () => events.end(),
        error => events.fail(error),
      )
      // Code that waits for something else than `signal` cannot be stopped; the cell does not wait with it.
      const stop = () => events.fail(context.signal.reason)
      context.signal.addEventListener('abort', stop, { once: true })
      try {
        if (context.signal.aborted) stop()
        yield* events
      } finally {
        context.signal.removeEventListener('abort', stop)
      }
      const exported = await running
      if (exported !== undefined) shown.push(exported)
      const outputs = await Promise.all(shown.map((value, n) => outputOf(value, `shown-${n}`, context.store)))
      // Kept like any result. No key knows the clocks, files and networks that a script reads: `--force` reads them anew.
      return { value: boundValue(exported), outputs }
    },
  }
}
