import * as z from 'zod'

/** Parameters of a judge that is asked over the network. */
export const endpointSettings = z.strictObject({
  model: z.string().min(1).meta({ description: 'Name of the model, as the server knows it.' }),
  name: z.string().optional().meta({ description: "What to call this judge; the model's name by default." }),
  baseURL: z.string().optional().meta({
    description:
      'Address of an OpenAI-compatible server, https or on this machine. OPENAI_BASE_URL, or OpenAI, by default.',
  }),
  api: z
    .enum(['chat', 'responses'])
    .default('chat')
    .meta({ description: 'Chat completions or responses API.' }),
  key: z
    .string()
    // The message must not repeat the value: it may be a key that was pasted into the wrong place.
    .regex(
      /^[A-Z][A-Z0-9_]*$/,
      'is the name of an environment variable (capitals, digits, _), never the key itself',
    )
    .optional()
    .meta({
      description:
        'Name of the environment variable that holds the key; OPENAI_API_KEY by default on OpenAI.',
    }),
  temperature: z.number().min(0).max(2).nullable().default(0).meta({ description: 'null leaves it out.' }),
  seed: z.int().optional().meta({ description: 'Sent to the server; each repeat adds its number.' }),
  detail: z
    .enum(['auto', 'low', 'high'])
    .optional()
    .meta({ description: "Image detail; the prompt's by default." }),
  maxTokens: z.int().min(1).optional().meta({ description: 'Limit of tokens of an answer.' }),
  extra: z
    .record(z.string(), z.unknown())
    .optional()
    .meta({ description: 'Further fields of the request, such as reasoning_effort.' }),
  structure: z.enum(['auto', 'schema', 'json', 'none']).default('auto').meta({
    description:
      'How the form of the answer is enforced: JSON schema, JSON mode, not at all; auto takes what the server has.',
  }),
  timeout: z.number().positive().default(120).meta({ description: 'Seconds for one call.' }),
  retry: z
    .strictObject({
      attempts: z.int().min(1).max(20).default(6),
      pause: z.number().min(0).default(1),
      longest: z.number().min(0).default(60),
    })
    .prefault({})
    .meta({
      description: 'Calls per question while the server is busy, and the pauses between them in seconds.',
    }),
  batch: z
    .union([z.literal(true).transform(() => ({ poll: 30 })), z.strictObject({ poll: z.number().positive() })])
    .optional()
    .meta({
      description:
        "Ask through the provider's Batch API: half the price, within 24 hours. poll: seconds between looks.",
    }),
  price: z
    .strictObject({ input: z.number().min(0), output: z.number().min(0) })
    .optional()
    .meta({ description: 'US dollars per million tokens.' }),
})
export type EndpointJudgeSettings = z.output<typeof endpointSettings>

/** Judgements that were recorded elsewhere. */
export const recordedSettings = z.strictObject({
  answers: z
    .string()
    .meta({ description: 'JSON-lines file of judgements: image, method, pass, score, elements.' }),
  methods: z
    .record(z.string(), z.string())
    .default({})
    .meta({ description: 'Methods that the file calls otherwise: name in the file -> name in the table.' }),
})
export type RecordedJudgeSettings = z.output<typeof recordedSettings>
