import type { RunRequest } from '../protocol/messages.ts'
import { type Piece, shardCount } from './pieces.ts'
import type { ClusterProfile } from './profile.ts'
import { quote, words } from './shell.ts'
import { openShardsFile } from './task-files.ts'

export interface ScriptOptions {
  piece: Piece
  profile: ClusterProfile
  /** Absolute path of the study, on the folder that the nodes share. */
  study: string
  /** The study's cells as they were submitted. */
  snapshot: string
  /** The submission's folder. */
  folder: string
  /** Names the submission in the tasks' reports. */
  submission: string
  /** What starts Mirage on a node, as a shell reads it. */
  command: string
  /** What the person asked of the whole run, and so of every task. */
  wishes: Wishes
  /** Shards to run, of `profile.shards`; for pieces of kind `shards`. */
  shards: number[]
}

export type Wishes = Partial<Pick<RunRequest['options'], 'offline' | 'spend' | 'replay'>>

/** Folder in a submission's own for what tasks print. */
export const LOGS = 'logs'

/** The batch script of a piece, for `sbatch`. */
export function batchScript(options: ScriptOptions): string {
  const { piece, profile, folder, submission } = options
  const isArray = piece.kind === 'shards'
  const directives = [
    `job-name=mirage-${piece.id}`,
    `comment=mirage-${submission}`,
    `output="${folder}/${LOGS}/${piece.id}-${isArray ? '%A_%a' : '%j'}.log"`,
    'open-mode=append',
    // Preempted or lost tasks start again; what they had finished is in the store.
    'requeue',
    ...(isArray
      ? [`array=${ranges(options.shards)}${profile.tasksAtOnce ? `%${profile.tasksAtOnce}` : ''}`]
      : []),
    ...resourceDirectives(profile),
  ]
  return [
    '#!/bin/bash',
    ...directives.map(directive => `#SBATCH --${directive}`),
    'set -euo pipefail',
    ...(isArray ? leaveIfEmpty(options) : []),
    ...profile.setup,
    `exec ${[profile.container, taskCommand(options)].filter(Boolean).join(' ')}`,
    '',
  ].join('\n')
}

/** A shard without work ends here; what the piece before has told of them decides, where it has. */
function leaveIfEmpty({ folder, piece }: ScriptOptions): string[] {
  return [
    `open=${quote(openShardsFile(folder, piece.id))}`,
    'if [ -e "$open" ] && ! grep -qx "$SLURM_ARRAY_TASK_ID" "$open"; then exit 0; fi',
  ]
}

function resourceDirectives(profile: ClusterProfile): string[] {
  const given: [string, string | number | undefined][] = [
    ['partition', profile.partition],
    ['account', profile.account],
    ['time', profile.time],
    ['mem', profile.memory],
    ['cpus-per-task', profile.cpus],
    ['gpus', profile.gpus],
  ]
  const own = given.flatMap(([name, value]) =>
    value === undefined || value === 0 ? [] : [`${name}=${value}`],
  )
  return [...own, ...(profile.directives ?? [])]
}

function taskCommand(options: ScriptOptions): string {
  const { piece, profile, study, snapshot, submission, command, wishes } = options
  const own = [
    'run',
    study,
    '--snapshot',
    snapshot,
    '--cell',
    piece.cell,
    '--no-record',
    ...wishWords(wishes),
  ]
  const report = `${submission}.${piece.id}`
  const line = `${command} ${words(own)}`
  const collect = piece.kind === 'collect' ? ` --collect ${shardCount(piece, profile)}` : ''
  if (piece.kind !== 'shards') return `${line}${collect} --report ${quote(report)}`
  return `${line} --shard "$SLURM_ARRAY_TASK_ID/${shardCount(piece, profile)}" --report ${quote(report)}."$SLURM_ARRAY_TASK_ID"`
}

function wishWords({ offline, spend, replay }: Wishes): string[] {
  return [
    ...(offline ? ['--offline'] : []),
    ...(spend === undefined ? [] : ['--spend', String(spend)]),
    ...(replay === undefined ? [] : ['--replay', replay]),
  ]
}

/** `[0, 1, 2, 5]` as `0-2,5`. */
export function ranges(numbers: readonly number[]): string {
  const sorted = [...numbers].sort((a, b) => a - b)
  const parts: [number, number][] = []
  for (const number of sorted) {
    const last = parts.at(-1)
    if (last && number === last[1] + 1) last[1] = number
    else parts.push([number, number])
  }
  return parts.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(',')
}
