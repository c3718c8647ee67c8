import * as z from 'zod'
import { MirageError } from '../errors.ts'
import { keepUses } from '../judge/answers/replay.ts'
import { withScores } from '../judge/columns.ts'
import { Budget } from '../judge/costs/budget.ts'
import { describeLedger, readLedger } from '../judge/costs/ledger.ts'
import type { Assignment, ReadyJudge } from '../judge/judge-kind.ts'
import type { Judged } from '../judge/judgement.ts'
import { JUDGES, judgeKindOf } from '../judge/judges.ts'
import { type Prompt, readPrompt } from '../judge/prompts/prompt.ts'
import { SHIPPED_PROMPTS } from '../judge/prompts/shipped.ts'
import { scoreLock, scoreOutputs } from '../judge/report.ts'
import { defines, reads } from '../schema.ts'
import type { Fingerprint, StepContext, StepDefinition, StepEvent } from '../step.ts'

const judge = z.union(JUDGES.map(kind => kind.settings))

const params = z.strictObject({
  of: reads('table', 'Table whose SR images are judged.'),
  prompt: reads(
    'prompt',
    `A prompt cell, or a shipped prompt: ${Object.keys(SHIPPED_PROMPTS).join(', ')}.`,
  ).default('hs'),
  judge: z.union([judge, z.array(judge).min(1)]).meta({
    description:
      'One judge or several: a model behind an OpenAI-compatible API, recorded answers, `{ proxy: NAME }` of a `calibrate` cell, or `estimate`, which asks no model.',
  }),
  mode: z
    .enum(['gt', 'lr', 'gt+lr'])
    .optional()
    .meta({ description: "What SR is held against; the prompt's own mode by default." }),
  repeats: z.int().min(1).max(100).default(1).meta({ description: 'Looks per image and judge.' }),
  concurrency: z.int().min(1).max(256).default(4).meta({ description: 'Calls at the same time, per judge.' }),
  rpm: z.number().positive().optional().meta({ description: 'Calls per minute, per judge.' }),
  budget: z.number().positive().optional().meta({
    description:
      'US dollars for all answers of this cell, those paid before included. What does not fit stays open.',
  }),
  confirmAbove: z.number().min(0).default(10).meta({
    description: 'The cell stops before the first call when the estimate is above so many US dollars.',
  }),
  column: z
    .string()
    .regex(/^[A-Za-z_]\w*$/, 'is not a column name (letters, digits and _)')
    .default('hs')
    .meta({ description: 'Name of the score column; COLUMN_sd and COLUMN_n go with it.' }),
  preview: z
    .union([z.literal(true).transform(() => 1), z.int().min(1).max(20)])
    .optional()
    .meta({
      description:
        'Shows so many questions as they would be sent, images included, and what all would cost. Nothing is sent.',
    }),
  as: defines().optional(),
})
type Params = z.output<typeof params>

/** Asks judges for a Hallucination Score of every SR image. */
export const score: StepDefinition<typeof params> = {
  name: 'score',
  version: 2,
  summary:
    'Shows each image to a multimodal LLM, which lists what was invented and gives a Hallucination Score (5 = nothing).',
  params,
  granularity: 'rows',

  async fingerprint(values, context): Promise<Fingerprint> {
    const parts = await Promise.all(
      judgesOf(values).map(settings => judgeKindOf(settings).fingerprint?.(settings, context) ?? {}),
    )
    const prompts: Fingerprint = context.hasInput(values.prompt)
      ? {}
      : { prompts: { [values.prompt]: promptOf(values, context).hash } }
    return { ...prompts, ...merged(parts) }
  },

  async *run(values, context) {
    const table = context.input(values.of, 'table')
    const taken = table.columns.find(({ name }) => name === values.column)
    if (taken) throw columnTaken(values.column)
    const prompt = promptOf(values, context)
    const budget = new Budget(values.budget, context.share)
    const { repeats } = values
    const { concurrency, rpm } = paceOf(values, context.share)
    const assignment: Assignment = {
      table,
      prompt,
      repeats,
      concurrency,
      rpm,
      budget,
      context,
      preview: values.preview !== undefined,
    }

    const ready: ReadyJudge[] = []
    for (const settings of judgesOf(values))
      ready.push(yield* judgeKindOf(settings).prepare(settings, assignment))
    if (values.preview !== undefined) {
      for (const judge of ready)
        yield { type: 'note', text: `${billText(judge)} This is a preview: nothing was sent.` }
      const shown = await Promise.all(ready.map(judge => judge.preview?.(values.preview!) ?? []))
      const outputs = shown.flat()
      return { value: table, outputs, cacheable: false }
    }
    yield* announce(ready, values, context)
    const judged = distinct(yield* runAll(ready))
    if (ready.some(({ bill }) => bill && bill.cost !== 0) && judged.some(({ calls }) => calls > 0)) {
      yield { type: 'note', text: describeLedger(await readLedger(context.store)) }
    }

    const present = async () => {
      const value = withScores(table, judged, prompt, values.column)
      return { value, outputs: scoreOutputs(value, judged, prompt, values.column) }
    }
    const [uses, presented] = await Promise.all([
      Promise.all(judged.map(judge => judge.uses && keepUses(context.store, judge.uses))),
      present(),
    ])
    return {
      ...presented,
      lock: scoreLock(judged, prompt, uses),
      cacheable: judged.every(({ complete }) => complete),
    }
  },
}

/** How fast a run over a share of the rows may ask, so that all runs at the same time stay within the cell's limits. */
function paceOf({ concurrency, rpm }: Params, share = 1): Pick<Params, 'concurrency' | 'rpm'> {
  return {
    concurrency: Math.max(1, Math.floor(concurrency * share)),
    ...(rpm !== undefined && { rpm: rpm * share }),
  }
}

const judgesOf = ({ judge }: Params): unknown[] => (Array.isArray(judge) ? judge : [judge])

/** What all judges depend on. A judge with a name that an earlier one has for something else is told by its number. */
function merged(parts: readonly Fingerprint[]): Fingerprint {
  const all: Fingerprint = {}
  parts.forEach((part, i) => {
    for (const [kind, values] of Object.entries(part)) {
      all[kind] ??= {}
      const own = all[kind]
      for (const [name, value] of Object.entries(values)) {
        if (!Object.hasOwn(own, name)) own[name] = value
        else if (own[name] !== value) own[`${name} #${i + 1}`] = value
      }
    }
  })
  return all
}

function promptOf({ prompt: name, mode }: Params, context: StepContext): Prompt {
  if (context.hasInput(name)) return readPrompt(name, context.input(name, 'prompt').text, { mode })
  if (Object.hasOwn(SHIPPED_PROMPTS, name)) return readPrompt(name, SHIPPED_PROMPTS[name], { mode })
  throw new MirageError({
    code: 'prompt-unknown',
    message: `There is no prompt "${name}".`,
    remedy: `Write a prompt cell before this one (\`\`\`liquid mirage prompt=${name} id=...), or use a shipped prompt: ${Object.keys(SHIPPED_PROMPTS).join(', ')}.`,
  })
}

/** What leaves the machine, and what it may cost. */
function billText({ name, bill }: ReadyJudge): string {
  if (!bill) return `Nothing is sent for ${name}.`
  const { host, images, calls, cost } = bill
  const price =
    cost === undefined
      ? 'the price is not known'
      : cost === 0
        ? 'free of charge'
        : `about $${cost.toFixed(cost < 1 ? 4 : 2)}`
  return `${host} gets ${images} images in ${calls} calls for ${name}; ${price}.`
}

/** Said before the first call. The sum to be confirmed is that of the whole cell, also where a run has a share of it. */
function* announce(
  ready: ReadyJudge[],
  { budget, confirmAbove }: Params,
  { share = 1, spend = 0 }: StepContext,
): Generator<StepEvent> {
  for (const judge of ready) {
    if (!judge.bill) continue
    yield { type: 'note', text: billText(judge) }
    if (budget !== undefined && judge.bill.cost === undefined) throw unknownPrice(judge.name)
  }
  const total = ready.reduce((sum, { bill }) => sum + (bill?.cost ?? 0), 0) / share
  if (total <= Math.max(confirmAbove, spend)) return
  const cost = Math.ceil(total * 100) / 100
  throw new MirageError({
    code: 'judge-cost',
    message: `Judging would cost about $${cost.toFixed(2)}, more than confirmAbove: ${confirmAbove}. Nothing was sent.`,
    cost,
    remedy: `To go on, agree to it (\`mirage run --spend ${cost}\`) or set confirmAbove: ${Math.ceil(total)}. Fewer rows or repeats, detail: low, or a smaller model cost less.`,
  })
}

function unknownPrice(model: string): MirageError {
  return new MirageError({
    code: 'price-unknown',
    message: `A budget needs a price, and that of ${model} is not known.`,
    remedy:
      'Add it to the judge in US dollars per million tokens, such as price: { input: 2.5, output: 10 }.',
  })
}

/** One judge that answers nobody does not take the others with it. */
async function* runAll(ready: ReadyJudge[]): AsyncGenerator<StepEvent, Judged[]> {
  const judged: Judged[] = []
  const failures: MirageError[] = []
  for (const judge of ready) {
    try {
      judged.push(yield* judge.run())
    } catch (error) {
      if (!(error instanceof MirageError) || ready.length === 1) throw error
      failures.push(error)
      yield {
        type: 'note',
        text: `${judge.name} is left out. ${error.info.message} ${error.info.remedy ?? ''}`,
      }
    }
  }
  if (judged.length === 0) throw failures[0]
  return failures.length > 0 ? judged.map(one => ({ ...one, complete: false })) : judged
}

/** Two judges of one name (the same model on two servers) get numbers. */
function distinct(judged: Judged[]): Judged[] {
  return judged.map((judge, i) => {
    const same = judged.filter(({ name }) => name === judge.name)
    const nth = judged.slice(0, i + 1).filter(({ name }) => name === judge.name).length
    return same.length > 1 ? { ...judge, name: `${judge.name} #${nth}` } : judge
  })
}

function columnTaken(column: string): MirageError {
  return new MirageError({
    code: 'column-taken',
    message: `The table already has a column "${column}".`,
    remedy: `Give this cell's scores another name, such as column: ${column}2.`,
  })
}
