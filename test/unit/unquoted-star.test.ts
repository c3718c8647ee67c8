import { expect, test } from 'vitest'
import { splitPrompt } from '../../src/kernel/judge/prompts/header.ts'

test('an unquoted * in the front matter of a prompt is an error that says where', () => {
  expect(() => splitPrompt('---\nmode: gt\ntitle: *mine\n---\nhi')).toThrow(
    expect.objectContaining({
      info: expect.objectContaining({
        code: 'prompt-header',
        message: expect.stringContaining('"*mine"'),
        at: { line: 3, column: 8 },
      }),
    }),
  )
})
