import type { Output } from '../../kernel/protocol/messages.ts'
import type { vscode } from '../vscode.ts'
import type { Command } from './cell-run.ts'
import { messageOf, outputMetadata, type ReadObject, toItems } from './output-items.ts'

type Api = Pick<typeof vscode, 'NotebookCellOutput' | 'NotebookCellOutputItem'>

/** What the drive uses of a `NotebookCellExecution`. */
export type Execution = Pick<
  vscode.NotebookCellExecution,
  'executionOrder' | 'start' | 'end' | 'clearOutput' | 'appendOutput' | 'replaceOutput' | 'replaceOutputItems'
>

export interface DrivePorts {
  api: Api
  /** Id of the cell, which its outputs carry: a renderer's wish names it. */
  cell: string
  /** A new execution of the cell. Throws when the cell is gone. */
  createExecution(): Execution
  read: ReadObject
  /** Number of the execution, shown beside the cell. */
  nextOrder(): number
  log(line: string): void
}

/** A live execution and the outputs that it has shown, by id. */
interface Live {
  execution: Execution
  shown: Map<string, { output: vscode.NotebookCellOutput; content: string }>
}

/**
 * Performs a cell's commands on VS Code, one after the other. A later output with the id of one that is shown is
 * edited in place.
 */
export class CellDrive {
  readonly #ports: DrivePorts
  #live: Live | undefined
  /** The newest output of each id: one that has been overtaken while it waited is not drawn. */
  readonly #newest = new Map<string, Output>()
  #last: Promise<void> = Promise.resolve()

  constructor(ports: DrivePorts) {
    this.#ports = ports
  }

  /** Resolves when the commands are done. Commands for a cell that was deleted meanwhile do nothing. */
  perform(commands: readonly Command[]): Promise<void> {
    for (const command of commands) {
      if (command.do === 'put') this.#newest.set(command.output.id, command.output)
      this.#last = this.#last.then(() => this.#attempt(command))
    }
    return this.#last
  }

  async #attempt(command: Command): Promise<void> {
    try {
      if (command.do === 'open') this.#live = { execution: this.#ports.createExecution(), shown: new Map() }
      else if (this.#live) await this.#perform(command, this.#live)
    } catch (error) {
      if (command.do === 'open') this.#live = undefined
      this.#ports.log(`The editor refused to ${command.do} a cell: ${messageOf(error)}`)
    }
  }

  async #perform(command: Exclude<Command, { do: 'open' }>, live: Live): Promise<void> {
    switch (command.do) {
      case 'start':
        live.execution.executionOrder = this.#ports.nextOrder()
        live.execution.start(command.at ?? Date.now())
        return
      case 'clear':
        live.shown.clear()
        await live.execution.clearOutput()
        return
      case 'put':
        if (this.#newest.get(command.output.id) !== command.output) return
        this.#newest.delete(command.output.id)
        await this.#put(command.output, live)
        return
      case 'settle':
        await this.#settle(command.outputs, live)
        return
      case 'end':
        this.#live = undefined
        live.execution.end(command.success, command.at)
    }
  }

  async #put(output: Output, live: Live): Promise<void> {
    const items = await toItems(this.#ports.api, output, this.#ports.read)
    const content = JSON.stringify(output.items)
    const shown = live.shown.get(output.id)
    if (shown?.content === content) return
    if (shown) {
      shown.content = content
      await live.execution.replaceOutputItems(items, shown.output)
      return
    }
    const added = new this.#ports.api.NotebookCellOutput(items, outputMetadata(this.#ports.cell, output.id))
    live.shown.set(output.id, { output: added, content })
    await live.execution.appendOutput(added)
  }

  /** Outputs that are on screen in this order already are edited in place; otherwise all are replaced at once. */
  async #settle(outputs: readonly Output[], live: Live): Promise<void> {
    const inPlace = [...live.shown.keys()].every((id, index) => outputs[index]?.id === id)
    if (inPlace && live.shown.size > 0) {
      for (const output of outputs) await this.#put(output, live)
      return
    }
    const { api, read } = this.#ports
    live.shown.clear()
    for (const output of outputs) {
      const items = await toItems(api, output, read)
      const made = new api.NotebookCellOutput(items, outputMetadata(this.#ports.cell, output.id))
      live.shown.set(output.id, { output: made, content: JSON.stringify(output.items) })
    }
    await live.execution.replaceOutput([...live.shown.values()].map(shown => shown.output))
  }
}
