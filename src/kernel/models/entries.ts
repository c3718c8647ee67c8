import * as z from 'zod'
import { pipelineKnobs } from './diffusion/pipeline.ts'
import { COLOURS, LAYOUTS, MODEL_KINDS, RANGES } from './manifest.ts'

const count = z.int().positive()
const scale = count.meta({ description: 'SR to LR side ratio.' })
const range = z.enum(RANGES).meta({ description: 'Values of black and white.' })
const layout = z.enum(LAYOUTS).meta({ description: 'Order of the dimensions.' })
const colour = z.enum(COLOURS).meta({ description: 'What the channels hold.' })
const kind = z.enum(MODEL_KINDS).optional().meta({ description: 'What the network is.' })
const multiple = count.optional().meta({ description: 'LR sides are padded to a multiple of this.' })
const minimum = count.optional().meta({ description: 'Smallest LR side that the network takes.' })
const name = z.string().min(1).meta({ description: 'Name of the method.' })
const version = z
  .string()
  .optional()
  .meta({ description: 'Changed by you when the model behind it changes, since its weights cannot be seen.' })

/** A model file with what its graph does not say of itself. */
export const fileEntry = z.strictObject({
  file: z
    .string()
    .min(1)
    .meta({ description: 'ONNX file, or the .json file of a diffusion pipeline, relative to the study.' }),
  name: name.optional(),
  scale: scale.optional(),
  range: range.optional(),
  layout: layout.optional(),
  colour: colour.optional(),
  kind,
  multiple,
  minimum,
  ...pipelineKnobs.shape,
})

/** A program that enlarges a folder of images. */
export const commandEntry = z.strictObject({
  command: z.array(z.string()).min(1).meta({
    description:
      "Program and arguments, run in the study's folder without a shell; {input} and {output} are folders of PNG files.",
  }),
  name,
  scale,
  kind,
  version,
})
export type CommandEntry = z.output<typeof commandEntry>

/** A model behind a server that speaks the KServe v2 inference protocol (Triton, KServe, OpenVINO, ...). */
export const endpointEntry = z.strictObject({
  endpoint: z.url({ protocol: /^https?$/ }).meta({ description: 'Address of the server, before /v2.' }),
  model: z.string().min(1).meta({ description: 'Name of the model on the server.' }),
  name: name.optional(),
  scale,
  range,
  layout: layout.default('nchw'),
  colour: colour.default('rgb'),
  kind,
  multiple,
  minimum,
  input: z.string().default('input').meta({ description: 'Name of the input tensor.' }),
  output: z.string().optional().meta({ description: 'Name of the output tensor; the first by default.' }),
  keyFrom: z.string().optional().meta({ description: 'Environment variable that holds a bearer token.' }),
  version,
})
export type EndpointEntry = z.output<typeof endpointEntry>

export const modelEntry = z.union([fileEntry, commandEntry, endpointEntry])

/** A catalog id, the name of a tuned model, or a path; or a file, a program or a server with its settings. */
export type ModelRequest = string | z.output<typeof modelEntry>
