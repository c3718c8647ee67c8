import { expect, test } from 'vitest'
import type { Compute } from '../../src/kernel/compute/compute.ts'
import { runRows } from '../../src/kernel/compute/rows.ts'
import { MirageError } from '../../src/kernel/errors.ts'
import { redacting, redactor } from '../../src/kernel/session/redact.ts'

const KEY = 'sk-0123456789'
const redact = redactor(() => ({ OPENAI_API_KEY: KEY }))
const { signal } = new AbortController()
const params = { rows: [{ images: {} }], uses: [], maps: false }

const failing = (error: unknown) => redacting({ run: async () => Promise.reject(error) } as Compute, redact)

test('what a program or a bug says of a row holds no key', async () => {
  const said = { code: 'command-failed', message: `401 for ${KEY}`, remedy: KEY, lasting: KEY }
  for (const error of [new MirageError(said), new Error(`401 for ${KEY}`)]) {
    const rows = await runRows(failing(error), 'measure', params, { signal })
    expect(JSON.stringify(rows)).toContain('401 for <OPENAI_API_KEY>')
    expect(JSON.stringify(rows)).not.toContain(KEY)
    const thrown = await failing(error)
      .run('measure', params, { signal })
      .catch(each => each)
    expect(thrown.stack).not.toContain(KEY)
  }
})
