import type { DebugProtocol } from '@vscode/debugprotocol'
import { describe, expect, test } from 'vitest'
import { placeBreakpoint, stagesOfLine } from '../../../src/extension/debug/breakpoints.ts'
import { steppedBy } from '../../../src/extension/debug/launch.ts'
import { StageDebugSession } from '../../../src/extension/debug/stage-debug-session.ts'
import { placesOf, STAGE_NAMES } from '../../../src/extension/debug/stage-places.ts'
import type { Order } from '../../../src/extension/debug/stage-walk.ts'
import { oneLine, readPath, readTyped, withValueAt, writePath } from '../../../src/extension/debug/values.ts'
import type { StageFacts, StudyCell } from '../../../src/kernel/protocol/messages.ts'

const PROMPT: StudyCell = {
  id: 'mine',
  kind: 'prompt',
  attributes: { prompt: 'mine' },
  text: '---\ntitle: Mine\nimages: [gt, sr]\nanswer: elements\n---\n\nLook.\nThen score.\n',
}
const SCORE: StudyCell = {
  id: 'hs',
  kind: 'step',
  attributes: {},
  text: 'score:\n  of: photos\n  prompt: mine\n  judge:\n    model: m\n    baseURL: http://127.0.0.1:1\n  as: judged\n',
}
const ONE_LINE: StudyCell = { ...SCORE, text: 'score: { of: photos, judge: { model: m }, as: judged }' }
const LOAD: StudyCell = {
  id: 'load',
  kind: 'step',
  attributes: {},
  text: 'triplets: { gt: a/*.png, as: photos }',
}

const lineOf = (places: ReturnType<typeof placesOf>, stage: string) => {
  const { cell, line, endLine } = places.find(place => place.stage === stage)!
  return `${cell} ${line}-${endLine}`
}

describe('where stages stand', () => {
  test('in the prompt cell and in the score cell that names it', () => {
    const places = placesOf(SCORE, PROMPT)
    expect(STAGE_NAMES.map(stage => lineOf(places, stage))).toEqual([
      'mine 7-8',
      'mine 3-3',
      'hs 4-6',
      'hs 4-6',
      'mine 4-4',
      'hs 7-7',
    ])
  })

  test('in the score cell alone, side by side, with a shipped prompt', () => {
    const places = placesOf(ONE_LINE)
    expect(places.map(({ stage, column }) => `${stage} ${column}`)).toEqual([
      'prompt 1',
      'images 10',
      'request 22',
      'answer 22',
      'parsed 22',
      'score 43',
    ])
    expect(stagesOfLine(1, 'hs', places).map(({ stage }) => stage)).toEqual([
      'prompt',
      'images',
      'request',
      'score',
    ])
  })

  test('a breakpoint is for the first stage of its line, its column, or the next line that has one', () => {
    const places = placesOf(SCORE, PROMPT)
    expect(placeBreakpoint({ line: 8 }, 'mine', places)).toEqual({ position: { line: 8 }, stage: 'prompt' })
    expect(placeBreakpoint({ line: 1 }, 'mine', places)).toEqual({ position: { line: 3 }, stage: 'images' })
    expect(placeBreakpoint({ line: 5 }, 'hs', places)).toEqual({ position: { line: 5 }, stage: 'request' })
    expect(placeBreakpoint({ line: 7 }, 'hs', places).stage).toBe('score')
    expect(placeBreakpoint({ line: 9 }, 'hs', places).stage).toBe('score')
    expect(placeBreakpoint({ line: 1, column: 43 }, 'hs', placesOf(ONE_LINE)).stage).toBe('score')
    expect(placeBreakpoint({ line: 1 }, 'load', places).message).toContain('No stage')
  })

  test('half-written cells still have places', () => {
    for (const text of ['', 'score:', 'score: {', 'score:\n  of', '- a']) {
      expect(placesOf({ ...SCORE, text }, { ...PROMPT, text: '---\nimages: [' })).toHaveLength(6)
    }
  })

  test('a prompt cell stands for the first score cell that names it; other cells have no stages', () => {
    const cells = [LOAD, PROMPT, ONE_LINE, { ...SCORE, id: 'second' }]
    expect(steppedBy('mine', cells)).toEqual({ score: cells[3], prompt: PROMPT })
    expect(steppedBy('hs', cells)).toEqual({ score: ONE_LINE, prompt: undefined })
    expect(() => steppedBy('load', cells)).toThrow('The cell "load" has no stages')
    expect(() => steppedBy('mine', [PROMPT])).toThrow('has no stages')
  })
})

describe('values as text', () => {
  test('what is shown can be typed back', () => {
    for (const value of ['plain', 'two\nlines "quoted"', '', 3, null, true, [1, { a: 'b' }], { x: [] }]) {
      expect(readTyped(oneLine(value), value)).toEqual(value)
    }
  })

  test('in place of a text anything is a text, in place of anything else only JSON will do', () => {
    expect(readTyped('Is it "invented"?', 'before')).toBe('Is it "invented"?')
    expect(readTyped('{"score":4}', 'before')).toBe('{"score":4}')
    expect(readTyped('"half', 'before')).toBe('"half')
    expect(() => readTyped('four', 2)).toThrow(SyntaxError)
  })

  test('paths are read, written and followed', () => {
    for (const text of ['answer.elements[0].what', 'body["a b"]', 'x'])
      expect(writePath(readPath(text)!)).toBe(text)
    for (const text of ['', '.a', 'a b', 'a..b', '[0', 'a+1']) expect(readPath(text)).toBeUndefined()
    const root = { a: [{ b: 1 }, { b: 2 }] }
    expect(withValueAt(root, ['a', '1', 'b'], 3)).toEqual({ a: [{ b: 1 }, { b: 3 }] })
    expect(root.a[1].b).toBe(2)
  })
})

/** A step that keeps to the kernel's contract of stages: two images of three stages; an edit of `text` reaches the next. */
function scriptedStep(problemAt?: string) {
  const stages = ['prompt', 'answer', 'score']
  const orders: Order[] = []
  let [row, at] = [0, 0]
  const before = [['one', 'one', 'one']]
  let open: ((facts: StageFacts) => void) | undefined
  const ended = Promise.withResolvers<string>()
  let refused: string | undefined
  const show = () => {
    const problem = refused ?? (stages[at] === problemAt ? 'no answer' : undefined)
    refused = undefined
    open?.({
      stage: stages[at],
      title: `the ${stages[at]}`,
      row: { id: `image-${row}`, method: 'sr' },
      about: { judge: 'scripted' },
      values: { text: before[0][at], nested: { list: [1, 2] }, ...(problem && { problem }) },
      editable: ['text'],
    })
  }
  const order = async ({ action, edit }: Order) => {
    orders.push({ action, ...(edit && { edit }) })
    if (action === 'restart-stage') at = stages.indexOf(String(edit?.stage))
    else if (edit?.text === 'bad') refused = 'the edit cannot be used'
    else {
      const text = String(edit?.text ?? before[0][at])
      if (++at === stages.length) [row, at, before[0]] = [row + 1, 0, ['one', 'one', 'one']]
      else before[0][at] = text
    }
    if (row === 2) ended.resolve('The cell "hs" ended')
    else setTimeout(show)
  }
  return {
    orders,
    order,
    run: (onStage: (facts: StageFacts) => void) => {
      open = onStage
      setTimeout(show)
      return ended.promise
    },
    stop: async () => ended.resolve('The cell "hs" was stopped'),
  }
}

/** A client of the debug adapter, as VS Code is one. */
function connect(step: ReturnType<typeof scriptedStep>) {
  const session = new StageDebugSession({
    score: { uri: 'cell:hs', title: 'hs', cell: SCORE },
    prompt: { uri: 'cell:mine', title: 'mine', cell: PROMPT },
    ...step,
  })
  const replies = new Map<number, (reply: DebugProtocol.Response) => void>()
  const events: DebugProtocol.Event[] = []
  let wake = () => {}
  session.onDidSendMessage(message => {
    if ((message as DebugProtocol.ProtocolMessage).type === 'event') {
      events.push(message as DebugProtocol.Event)
      wake()
    } else {
      const reply = message as DebugProtocol.Response
      replies.get(reply.request_seq)?.(reply)
    }
  })
  let seq = 0
  const ask = (command: string, args: object = {}) =>
    new Promise<DebugProtocol.Response>(resolve => {
      replies.set(++seq, resolve)
      session.handleMessage({ seq, type: 'request', command, arguments: args } as DebugProtocol.Request)
    })
  const next = async (event: string) => {
    for (;;) {
      const index = events.findIndex(({ event: name }) => name === event)
      if (index >= 0) return events.splice(0, index + 1).at(-1)!.body
      await new Promise<void>(resolve => {
        wake = resolve
      })
    }
  }
  const frames = async () =>
    (await ask('stackTrace', { threadId: 1 })).body.stackFrames as DebugProtocol.StackFrame[]
  return {
    ask,
    next,
    frames,
    async begin({ lines = {}, functions = [], filters = [] }: Breakpoints = {}) {
      await ask('initialize', { adapterID: 'mirage', supportsInvalidatedEvent: true })
      await ask('launch')
      await next('initialized')
      for (const [path, at] of Object.entries(lines)) {
        await ask('setBreakpoints', { source: { path }, breakpoints: at.map(line => ({ line })) })
      }
      await ask('setFunctionBreakpoints', { breakpoints: functions.map(name => ({ name })) })
      await ask('setExceptionBreakpoints', { filters })
      await ask('configurationDone')
    },
    /** Reason of the next stop and the names of the stages there, newest first. */
    async stopped() {
      const { reason } = await next('stopped')
      return [reason, ...(await frames()).map(({ name }) => name)]
    },
    async variables(frame = 0) {
      const [top] = (await frames()).slice(frame)
      const { scopes } = (await ask('scopes', { frameId: top.id })).body
      const reference = scopes[0].variablesReference
      return { reference, variables: await list(reference) }
    },
    list,
  }
  async function list(reference: number): Promise<DebugProtocol.Variable[]> {
    return (await ask('variables', { variablesReference: reference })).body.variables
  }
}
interface Breakpoints {
  lines?: Record<string, number[]>
  functions?: string[]
  filters?: string[]
}

describe('the debug adapter', () => {
  test('without a breakpoint it stops at the first stage, and steps from there to the end', async () => {
    const client = connect(scriptedStep())
    await client.begin()
    expect(await client.stopped()).toEqual(['entry', 'the prompt · image-0 · sr'])
    await client.ask('next', { threadId: 1 })
    expect(await client.stopped()).toEqual(['step', 'the answer · image-0 · sr', 'the prompt · image-0 · sr'])
    const [top] = await client.frames()
    expect(top).toMatchObject({ source: { path: 'cell:hs' }, line: 4, endLine: 6 })
    await client.ask('continue', { threadId: 1 })
    expect(await client.next('output')).toMatchObject({ output: 'The cell "hs" ended\n' })
    await client.next('terminated')
  })

  test('breakpoints stop on lines and by the name of a stage, on every image', async () => {
    const client = connect(scriptedStep())
    await client.begin({ lines: { 'cell:mine': [7] }, functions: ['score', 'nonsense'] })
    expect((await client.stopped()).slice(0, 2)).toEqual(['breakpoint', 'the prompt · image-0 · sr'])
    await client.ask('continue')
    expect((await client.stopped()).slice(0, 2)).toEqual(['breakpoint', 'the score · image-0 · sr'])
    await client.ask('continue')
    expect((await client.stopped()).slice(0, 2)).toEqual(['breakpoint', 'the prompt · image-1 · sr'])
  })

  test('runs to the next image by stepping out and by its own request', async () => {
    const client = connect(scriptedStep())
    await client.begin()
    await client.stopped()
    await client.ask('stepOut')
    expect((await client.stopped())[1]).toBe('the prompt · image-1 · sr')
    await client.ask('nextImage')
    await client.next('terminated')
  })

  test('stops where an answer cannot be used, once per question', async () => {
    const client = connect(scriptedStep('answer'))
    await client.begin({ functions: ['score'], filters: ['trouble'] })
    expect((await client.stopped()).slice(0, 2)).toEqual(['exception', 'the answer · image-0 · sr'])
    expect((await client.ask('exceptionInfo', { threadId: 1 })).body.description).toBe('no answer')
    await client.ask('continue')
    expect((await client.stopped())[0]).toBe('breakpoint')
  })

  test('shows nested values, and takes a change of those that the stage lets be changed', async () => {
    const step = scriptedStep()
    const client = connect(step)
    await client.begin()
    await client.stopped()
    const { reference, variables } = await client.variables()
    expect(variables.map(({ name, value }) => `${name}=${value}`)).toEqual([
      'text="one"',
      'nested={"list":[1,2]}',
    ])
    expect(variables.map(({ presentationHint }) => presentationHint?.attributes)).toEqual([
      undefined,
      ['readOnly'],
    ])
    const [{ variablesReference }] = await client.list(variables[1].variablesReference)
    expect((await client.list(variablesReference)).map(({ evaluateName }) => evaluateName)).toEqual([
      'nested.list[0]',
      'nested.list[1]',
    ])
    const refused = await client.ask('setVariable', {
      variablesReference: reference,
      name: 'nested',
      value: '{}',
    })
    expect(refused.success).toBe(false)
    const set = { variablesReference: reference, name: 'text', value: 'mine' }
    expect((await client.ask('setVariable', set)).body.value).toBe('"mine"')
    expect((await client.frames())[0].name).toBe('the prompt · image-0 · sr · edited')
    expect((await client.ask('evaluate', { expression: 'text', context: 'clipboard' })).body.result).toBe(
      'mine',
    )
    expect((await client.ask('evaluate', { expression: 'nested.list[1]' })).body.result).toBe('2')
    expect((await client.ask('evaluate', { expression: 'nothing' })).success).toBe(false)
    expect(step.orders).toEqual([])
    await client.ask('next')
    await client.stopped()
    expect((await client.variables()).variables[0].value).toBe('"mine"')
    expect(step.orders).toEqual([{ action: 'step', edit: { text: 'mine' } }])
  })

  test('an edit that cannot be used stops again and says why', async () => {
    const client = connect(scriptedStep())
    await client.begin()
    await client.stopped()
    const { reference } = await client.variables()
    await client.ask('setVariable', { variablesReference: reference, name: 'text', value: 'bad' })
    await client.ask('continue')
    expect(await client.next('stopped')).toMatchObject({
      reason: 'exception',
      text: 'the edit cannot be used',
    })
  })

  test('restarts a stage, and a change to an earlier one goes back to it', async () => {
    const step = scriptedStep()
    const client = connect(step)
    await client.begin({ functions: ['score'] })
    await client.stopped()
    const [, , prompt] = await client.frames()
    await client.ask('restartFrame', { frameId: prompt.id })
    expect(await client.stopped()).toEqual(['restart', 'the prompt · image-0 · sr'])
    await client.ask('next')
    await client.stopped()
    const { reference } = await client.variables(1)
    await client.ask('setVariable', { variablesReference: reference, name: 'text', value: 'again' })
    expect(await client.stopped()).toEqual(['restart', 'the prompt · image-0 · sr · edited'])
    await client.ask('next')
    await client.stopped()
    expect((await client.variables()).variables[0].value).toBe('"again"')
    expect(step.orders.filter(({ action }) => action === 'restart-stage')).toHaveLength(2)
    expect((await client.ask('restartFrame', { frameId: prompt.id })).success).toBe(false)
  })

  test('pauses a walk that goes on, and stopping ends the run', async () => {
    const client = connect(scriptedStep())
    await client.begin({ functions: ['prompt'] })
    await client.stopped()
    await client.ask('continue')
    await client.ask('pause')
    expect((await client.stopped())[0]).toBe('pause')
    await client.ask('disconnect')
    expect((await client.next('output')).output).toContain('was stopped')
  })
})
