import { resolve } from 'node:path'
import { withKernel } from '../kernel.ts'
import { type Command, parseWords, UsageError } from '../usage.ts'

const usage = `mirage providers add NAME [--from FOLDER]

add puts the library of CUDA or TensorRT beside the runtime and tries it: fetched from NuGet (about 250 MB), or taken from
a folder that holds it, such as onnxruntime/capi of Python's onnxruntime-gpu of the same version. "mirage doctor" shows
what works.`

export const providers: Command = {
  summary: 'Adds an execution provider whose library does not come with Mirage.',
  usage,
  run([verb, ...words]) {
    if (verb !== 'add') throw new UsageError('"mirage providers" needs the verb "add".', usage)
    const { values, positionals } = parseWords(words, { from: { type: 'string' } }, usage)
    if (positionals.length !== 1) throw new UsageError('Name one provider.', usage)
    return withKernel({ onEvent() {} }, async kernel => {
      const from = values.from === undefined ? undefined : resolve(values.from)
      const { name, works, reason, needs } = await kernel.request('addProvider', {
        name: positionals[0],
        from,
      })
      if (works) {
        console.log(`${name} works: write "provider: ${name}", or leave "auto".`)
        return 0
      }
      console.error(`The library of ${name} is in place, and does not run yet: ${reason}\nIt needs ${needs}.`)
      return 1
    })
  },
}
