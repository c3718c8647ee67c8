import * as z from 'zod'
import { MirageError } from '../errors.ts'

const resources = {
  time: z.string().optional().meta({ description: 'Time limit of a task, as Slurm writes it (HH:MM:SS).' }),
  memory: z.string().optional().meta({ description: 'Memory of a task, such as 16G.' }),
  cpus: z.int().min(1).optional().meta({ description: 'Cores of a task.' }),
  gpus: z.int().min(0).optional().meta({ description: 'GPUs of a task.' }),
  shards: z.int().min(1).max(10_000).optional().meta({ description: 'Parts that the rows are cut into.' }),
  directives: z
    .array(z.string())
    .optional()
    .meta({ description: 'Further `#SBATCH` directives, without the prefix.' }),
}

/** Where and how the pieces of a study run on a cluster: `cluster:` of the front matter, or a file of the user. */
export const clusterProfile = z.strictObject({
  ...resources,
  partition: z.string().optional(),
  account: z.string().optional(),
  shards: resources.shards.default(16),
  /** Tasks of one array that may run at the same time. */
  tasksAtOnce: z.int().min(1).optional(),
  /** Lines of shell before the command: `module load cuda/12`, `source env.sh`. */
  setup: z.array(z.string()).default([]),
  /** Words before the command: `apptainer exec --nv image.sif`. */
  container: z.string().default(''),
  /** The command that starts Mirage on a node; by default this very installation, which the nodes must share. */
  command: z.string().optional(),
  /** Times that missing shards are submitted again while the submitting command waits. */
  retries: z.int().min(0).max(10).default(1),
  /** Resources by step, over the ones above: `{ infer: { gpus: 1 } }`. */
  steps: z.record(z.string(), z.strictObject(resources)).default({}),
})
export type ClusterProfile = z.output<typeof clusterProfile>

/** @throws MirageError `profile-invalid` */
export function readProfile(written: unknown, source: string): ClusterProfile {
  const parsed = clusterProfile.safeParse(written ?? {})
  if (parsed.success) return parsed.data
  throw new MirageError({
    code: 'profile-invalid',
    message: `The cluster profile in ${source} is malformed: ${z.prettifyError(parsed.error)}`,
    remedy: `Keys: ${Object.keys(clusterProfile.shape).join(', ')}.`,
  })
}

/** The profile for one step: its own resources over the general ones. */
export function profileFor(profile: ClusterProfile, step: string): ClusterProfile {
  const own = Object.fromEntries(
    Object.entries(profile.steps[step] ?? {}).filter(([, value]) => value !== undefined),
  )
  return { ...profile, ...own }
}
