import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  type KernelClient,
  KernelGoneError,
  KernelRequestError,
  launchKernel,
} from '../kernel/protocol/client.ts'
import type { CellEvent } from '../kernel/protocol/messages.ts'

const ENTRY = join(dirname(fileURLToPath(import.meta.url)), 'kernel.mjs')

export interface KernelOptions {
  onEvent(event: CellEvent): void
  /** Shows what the kernel prints; needed only to hunt bugs. */
  verbose?: boolean
}

/** Starts a kernel for one command and ends it after. A kernel that fails or dies becomes exit code 1. */
export async function withKernel(
  { onEvent, verbose }: KernelOptions,
  command: (kernel: KernelClient) => Promise<number>,
): Promise<number> {
  let kernel: KernelClient | undefined
  try {
    kernel = await launchKernel({
      node: process.execPath,
      entry: ENTRY,
      cwd: process.cwd(),
      onEvent,
      onExit: () => {},
      onLog: line => {
        if (verbose) console.error(line)
      },
    })
    return await command(kernel)
  } catch (error) {
    if (error instanceof KernelRequestError) {
      console.error(`mirage: ${error.message}${error.info.remedy ? `\n${error.info.remedy}` : ''}`)
      return 1
    }
    if (error instanceof KernelGoneError) {
      console.error(
        `mirage: ${error.message}\n${error.exit.lastLines.join('\n')}\nNothing that was finished is lost: run the study again.`,
      )
      return 1
    }
    throw error
  } finally {
    await kernel?.dispose()
  }
}
