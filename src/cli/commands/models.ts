import { withKernel } from '../kernel.ts'
import { type Command, UsageError } from '../usage.ts'

const usage = 'mirage models list [--json]'

export const models: Command = {
  summary: 'Lists the models that a study can name.',
  usage,
  run([verb, ...rest]) {
    if (verb !== 'list') throw new UsageError(`"mirage models" needs a verb.`, usage)
    return withKernel({ onEvent() {} }, async kernel => {
      const { models: found } = await kernel.request('models', {})
      if (rest.includes('--json')) {
        console.log(JSON.stringify(found, null, 2))
        return 0
      }
      for (const model of found) {
        const size = model.bytes === null ? '' : `${(model.bytes / 1e6).toFixed(1)} MB`
        console.log(
          `${model.id.padEnd(24)} x${model.scale}  ${size.padStart(8)}  ${model.state.padEnd(14)} ${model.licence}`,
        )
        console.log(`${''.padEnd(24)} ${model.summary} (${model.source})`)
      }
      return 0
    })
  },
}
