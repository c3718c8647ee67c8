import { readdirSync, readFileSync } from 'node:fs'

export interface Process {
  pid: number
  parent: number
  command: string
}

/** Everything that a process started, and what those started, from Linux's /proc. */
export function descendants(root: number): Process[] {
  const all = everyProcess()
  const found: Process[] = []
  const queue = [root]
  for (let parent = queue.shift(); parent !== undefined; parent = queue.shift()) {
    for (const child of all.filter(candidate => candidate.parent === parent)) {
      found.push(child)
      queue.push(child.pid)
    }
  }
  return found
}

/** Kernels that run from a folder. One that was left by its window has no parent there any more. */
export function kernelsFrom(folder: string): Process[] {
  return everyProcess().filter(process => isKernel(process) && process.command.includes(folder))
}

export const isExtensionHost = ({ command }: Process) => command.includes('--type=extensionHost')
export const isKernel = ({ command }: Process) => command.includes('dist/kernel.mjs')
export const isCompute = ({ command }: Process) => command.includes('dist/compute.mjs')

/** Whether a process has a file mapped whose path holds `name`. */
export function hasLoaded(pid: number, name: string): boolean {
  return readFileSync(`/proc/${pid}/maps`, 'utf8').includes(name)
}

function everyProcess(): Process[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .flatMap(name => readProcess(Number(name)) ?? [])
}

function readProcess(pid: number): Process | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name, in parentheses, may hold anything; the parent is the second field after it.
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
    return { pid, parent, command }
  } catch {
    return undefined
  }
}
