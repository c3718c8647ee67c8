import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { MirageError } from '../errors.ts'

const run = promisify(execFile)

/** State of one task (or of a job without an array) in Slurm's words. */
export interface SlurmTask {
  job: string
  /** Index in its array. */
  task?: number
  /** PENDING, RUNNING, COMPLETED, FAILED, TIMEOUT, NODE_FAIL, OUT_OF_MEMORY, CANCELLED, PREEMPTED ... */
  state: string
  reason: string
}

/** Slurm's own commands; nothing is kept or scheduled here. */
export interface Slurm {
  /** Submits a batch script; returns the job's id. */
  submit(script: string, options: { after: readonly string[] }): Promise<string>
  /** Tasks of the jobs that Slurm still knows, ended ones included while it remembers them. */
  tasks(jobs: readonly string[]): Promise<SlurmTask[]>
  cancel(jobs: readonly string[]): Promise<void>
}

export const slurm: Slurm = {
  async submit(script, { after }) {
    const dependency = after.length
      ? [`--dependency=afterok:${after.join(':')}`, '--kill-on-invalid-dep=yes']
      : []
    const child = call('sbatch', ['--parsable', ...dependency], script)
    return (await child).trim().split(';')[0]
  },

  async tasks(jobs) {
    if (jobs.length === 0) return []
    // `-r` gives one line per array task, `-t all` those that have just ended too.
    const format = '%F|%K|%T|%r'
    const text = await call('squeue', ['-h', '-r', '-t', 'all', '-j', jobs.join(','), '-o', format]).catch(
      error => {
        // Slurm forgets jobs some minutes after they end, and then calls their ids invalid.
        if (/Invalid job id/i.test(String(error))) return ''
        throw error
      },
    )
    return text
      .split('\n')
      .filter(line => line.includes('|'))
      .map(line => {
        const [job, task, state, reason] = line.trim().split('|')
        return { job, ...(/^\d+$/.test(task) && { task: Number(task) }), state, reason }
      })
  },

  async cancel(jobs) {
    if (jobs.length > 0) await call('scancel', [...jobs])
  },
}

async function call(command: string, args: string[], input?: string): Promise<string> {
  const pending = run(command, args, { maxBuffer: 256 * 2 ** 20 })
  pending.child.stdin?.end(input)
  try {
    return (await pending).stdout
  } catch (error) {
    const { code, stderr } = error as NodeJS.ErrnoException & { stderr?: string }
    if (code === 'ENOENT') {
      throw new MirageError({
        code: 'slurm-missing',
        message: `There is no "${command}" on this machine.`,
        remedy: 'Submit from a login node of the cluster, where the Slurm commands are on the path.',
      })
    }
    throw new MirageError({
      code: 'slurm-refused',
      message: `${command} failed: ${stderr?.trim() || String(error)}`,
      remedy: 'Check partition, account and limits in the cluster profile.',
    })
  }
}
