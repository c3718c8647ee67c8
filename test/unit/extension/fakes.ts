import type { Execution } from '../../../src/extension/run/cell-drive.ts'
import type { vscode } from '../../../src/extension/vscode.ts'

/** Stand-ins for the classes of the API that hold data only. */
class FakeItem {
  data: Uint8Array
  mime: string
  constructor(data: Uint8Array, mime: string) {
    this.data = data
    this.mime = mime
  }
  static text(value: string, mime = 'text/plain'): FakeItem {
    return new FakeItem(new TextEncoder().encode(value), mime)
  }
  static json(value: unknown, mime = 'application/json'): FakeItem {
    return FakeItem.text(JSON.stringify(value), mime)
  }
  static error(error: Error): FakeItem {
    return FakeItem.text(error.stack ?? error.message, 'application/vnd.code.notebook.error')
  }
}

class FakeOutput {
  items: FakeItem[]
  metadata?: { [key: string]: unknown }
  constructor(items: FakeItem[], metadata?: { [key: string]: unknown }) {
    this.items = items
    this.metadata = metadata
  }
}

class FakeCellData {
  kind: number
  value: string
  languageId: string
  metadata?: { [key: string]: unknown }
  constructor(kind: number, value: string, languageId: string) {
    this.kind = kind
    this.value = value
    this.languageId = languageId
  }
}

class FakeNotebookData {
  cells: FakeCellData[]
  metadata?: { [key: string]: unknown }
  constructor(cells: FakeCellData[]) {
    this.cells = cells
  }
}

// SAFETY: the classes above have every member that the code under test uses of the real ones.
export const fakeApi = {
  NotebookCellOutputItem: FakeItem,
  NotebookCellOutput: FakeOutput,
  NotebookCellData: FakeCellData,
  NotebookData: FakeNotebookData,
} as unknown as Pick<
  typeof vscode,
  'NotebookCellOutputItem' | 'NotebookCellOutput' | 'NotebookCellData' | 'NotebookData'
>

/** A cell on screen: its outputs as text by id, and its mark. Refuses what VS Code refuses of an execution. */
export class FakeCell {
  outputs: FakeOutput[] = []
  /** True, false, or undefined without a mark; `none` before the first run. */
  mark: boolean | undefined | 'none' = 'none'
  /** Edits that a person would see. */
  edits: string[] = []
  #active = false

  texts(): string[] {
    return this.outputs.map(({ items }) => new TextDecoder().decode(items[0].data))
  }

  createExecution(): Execution {
    if (this.#active) throw new Error('this cell is running already')
    this.#active = true
    let phase: 'created' | 'started' | 'ended' = 'created'
    const edit = (name: string) => {
      if (phase !== 'started') throw new Error(`${name} in phase ${phase}`)
      this.edits.push(name)
    }
    const asArray = (out: vscode.NotebookCellOutput | readonly vscode.NotebookCellOutput[]) =>
      (Array.isArray(out) ? out : [out]) as unknown as FakeOutput[]
    return {
      executionOrder: undefined,
      start: () => {
        if (phase !== 'created') throw new Error(`start in phase ${phase}`)
        phase = 'started'
      },
      end: success => {
        if (phase === 'ended') throw new Error('ended twice')
        phase = 'ended'
        this.#active = false
        this.mark = success
      },
      clearOutput: async () => {
        edit('clear')
        this.outputs = []
      },
      appendOutput: async out => {
        edit('append')
        this.outputs.push(...asArray(out))
      },
      replaceOutput: async out => {
        edit('replace')
        this.outputs = [...asArray(out)]
      },
      replaceOutputItems: async (items, out) => {
        edit('edit')
        const target = this.outputs.find(shown => shown === (out as unknown))
        if (!target) throw new Error('this output is not shown')
        target.items = (Array.isArray(items) ? items : [items]) as FakeItem[]
      },
    }
  }
}

/** The texts of the source, as VS Code gives them where there is no translation. */
export const fakeL10n: Pick<typeof vscode.l10n, 't'> = {
  t: ((message: string, ...parts: unknown[]) =>
    message.replace(/\{(\d)\}/g, (_, i) => String(parts[Number(i)]))) as typeof vscode.l10n.t,
}
