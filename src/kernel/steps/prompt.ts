import * as z from 'zod'
import { labelOf } from '../judge/images.ts'
import { readPrompt } from '../judge/prompts/prompt.ts'
import type { StepDefinition } from '../step.ts'

const params = z.strictObject({ name: z.string(), text: z.string() })

/** A prompt cell: checked, shown as it would be rendered, and bound to its name. Nothing is sent. */
export const promptCell: StepDefinition<typeof params> = {
  name: 'prompt',
  version: 2,
  summary: 'A prompt for a judge: a Liquid template with front matter.',
  params,
  granularity: 'table',
  async *run({ name, text }) {
    const prompt = readPrompt(name, text)
    const { text: rendered } = prompt.render({
      images: prompt.images.map(image => ({
        label: labelOf(image),
        show: image.show,
        width: 512,
        height: 512,
      })),
      scale: 4,
      tags: [],
    })
    const shown = prompt.images.map(image => `[image ${labelOf(image)}: ${image.show}]`).join(' ')
    return {
      value: { kind: 'prompt', name, text },
      outputs: [
        {
          id: 'prompt',
          items: [
            {
              mime: 'text/plain',
              text: `As a judge would get it, with images of 512 x 512:\n\n${rendered}\n\n${shown}`,
            },
          ],
        },
      ],
      lock: { prompt: prompt.hash },
    }
  },
}
