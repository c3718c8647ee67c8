import type { Job } from 'kubernetes-types/batch/v1'
import { stringify } from 'yaml'
import { type Piece, shardCount } from './pieces.ts'
import { type ClusterProfile, profileFor } from './profile.ts'
import { quote, words } from './shell.ts'

export interface TemplateOptions {
  /** In an order in which each piece comes after what it needs. */
  pieces: Piece[]
  profile: ClusterProfile
  /** Absolute path of the study, as the workers see it. */
  study: string
  /** What starts Mirage on a worker, as a shell reads it. */
  command: string
}

export type Engine = 'k8s' | 'ray'

/** Files by name that hand a study's pieces to another engine. They are templates: image, volumes and accounts are yours. */
export const TEMPLATES: Record<Engine, (options: TemplateOptions) => Record<string, string>> = {
  k8s: kubernetesJobs,
  ray: rayJob,
}

/** The task of a piece as a shell line; `index` is the shell's word for the shard. */
function taskLine(
  { piece, profile, study, command }: TemplateOptions & { piece: Piece },
  index: string,
): string {
  const line = `${command} ${words(['run', study, '--cell', piece.cell, '--no-record'])}`
  const shards = shardCount(piece, profileFor(profile, piece.step))
  const part = { shards: ` --shard "${index}/${shards}"`, collect: ` --collect ${shards}`, whole: '' }[
    piece.kind
  ]
  return [...profile.setup, `exec ${profile.container ? `${profile.container} ` : ''}${line}${part}`].join(
    '\n',
  )
}

const finishLine = ({ study, command }: TemplateOptions) => `${command} ${words(['run', study])}`

/** A Job of which an index failed for good is never `Complete`, so both ends are looked for. */
const WAIT_FOR_JOB = [
  'ended() {',
  '  while :; do',
  `    state=$(kubectl get "job/$1" -o 'jsonpath={.status.conditions[?(@.status=="True")].type}')`,
  '    case " $state " in',
  '      *" Complete "*) return ;;',
  '      *" Failed "*) echo "job/$1 failed; see: kubectl describe job/$1" >&2; exit 1 ;;',
  '    esac',
  '    sleep 10',
  '  done',
  '}',
]

/** One Indexed Job (batch/v1) per piece, and a script that applies them in order. */
function kubernetesJobs(options: TemplateOptions): Record<string, string> {
  const files: Record<string, string> = {}
  const steps: string[] = []
  for (const [n, piece] of options.pieces.entries()) {
    const file = `${String(n + 1).padStart(2, '0')}-${piece.id}.yaml`
    const name = jobName(piece.id)
    files[file] = stringify(kubernetesJob(piece, name, options))
    steps.push(`kubectl apply -f ${quote(file)}`, `ended ${name}`)
  }
  files['run.sh'] = [
    '#!/bin/sh',
    'set -eu',
    'cd "$(dirname "$0")"',
    ...WAIT_FOR_JOB,
    ...steps,
    `# Then, where the study's folder is mounted:`,
    `# ${finishLine(options)}`,
    '',
  ].join('\n')
  return files
}

function kubernetesJob(piece: Piece, name: string, options: TemplateOptions): Job {
  const own = profileFor(options.profile, piece.step)
  const shards = piece.kind === 'shards' ? shardCount(piece, own) : 1
  const limits = {
    ...(own.cpus && { cpu: String(own.cpus) }),
    ...(own.memory && { memory: own.memory.replace(/([KMGT])B?$/i, '$1i') }),
    ...(own.gpus && { 'nvidia.com/gpu': String(own.gpus) }),
  }
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name,
      labels: { 'app.kubernetes.io/name': 'mirage', 'app.kubernetes.io/component': piece.step },
    },
    spec: {
      completionMode: 'Indexed',
      completions: shards,
      parallelism: Math.min(shards, own.tasksAtOnce ?? shards),
      backoffLimitPerIndex: 2,
      maxFailedIndexes: shards,
      template: {
        spec: {
          restartPolicy: 'Never',
          containers: [
            {
              name: 'mirage',
              // Yours: an image with Node 24 and this installation in it.
              image: 'registry.example.org/mirage:latest',
              command: ['/bin/sh', '-c', taskLine({ ...options, piece }, '$JOB_COMPLETION_INDEX')],
              resources: { limits },
              volumeMounts: [{ name: 'study', mountPath: folderOf(options.study) }],
            },
          ],
          // Yours: a volume that every worker can write (ReadWriteMany).
          volumes: [{ name: 'study', persistentVolumeClaim: { claimName: 'mirage-study' } }],
        },
      },
    },
  }
}

/** Names of Kubernetes objects: lower case letters, digits and -, at most 63, starting and ending with one of the former. */
function jobName(id: string): string {
  const plain = `mirage-${id}`
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 63)
  return plain.replace(/-+$/, '')
}

const folderOf = (path: string) => path.replace(/\/[^/]*$/, '') || '/'

/** A driver for `ray job submit`, which runs each shard as a Ray task. */
function rayJob(options: TemplateOptions): Record<string, string> {
  const pieces = options.pieces.map(piece => {
    const own = profileFor(options.profile, piece.step)
    return {
      id: piece.id,
      shards: piece.kind === 'shards' ? shardCount(piece, own) : 1,
      cpus: own.cpus ?? 1,
      gpus: own.gpus ?? 0,
      command: taskLine({ ...options, piece }, '$MIRAGE_SHARD'),
    }
  })
  const driver = [
    '"""Runs the pieces of a Mirage study as Ray tasks: `ray job submit --working-dir . -- python driver.py`."""',
    'import json',
    'import os',
    'import subprocess',
    '',
    'import ray',
    '',
    '# Each piece starts when all shards of the one before it are done.',
    `PIECES = json.loads(${JSON.stringify(JSON.stringify(pieces))})`,
    '',
    '',
    '@ray.remote(max_retries=2, retry_exceptions=True)',
    'def task(command, shard):',
    '    subprocess.run(["/bin/sh", "-c", command], check=True, env={**os.environ, "MIRAGE_SHARD": str(shard)})',
    '',
    '',
    'ray.init()',
    'for piece in PIECES:',
    '    shards = task.options(num_cpus=piece["cpus"], num_gpus=piece["gpus"])',
    '    ray.get([shards.remote(piece["command"], shard) for shard in range(piece["shards"])])',
    `subprocess.run(["/bin/sh", "-c", ${JSON.stringify(finishLine(options))}], check=True)`,
    '',
  ].join('\n')
  return { 'driver.py': driver }
}
