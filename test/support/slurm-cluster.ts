import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** A real Slurm with two nodes on this machine, in a folder of its own. */
export interface SlurmCluster extends AsyncDisposable {
  /** What the Slurm commands need to find this cluster. */
  env: { SLURM_CONF: string; PATH: string }
  /** Kills a node's daemon the hard way, and lets the controller see that it is lost. */
  killNode(name: 'n1' | 'n2'): Promise<void>
  startNode(name: 'n1' | 'n2'): Promise<void>
  command(name: string, ...args: string[]): string
  /** Ends whatever is in the queue. */
  clear(): Promise<void>
}

/** Slurm's daemons refuse to run as different users without more set-up than a test needs. */
export const canRunSlurm = process.platform === 'linux' && process.getuid?.() === 0

const PORTS = { controller: 26817, n1: 27001, n2: 27002 }

export async function startSlurm(): Promise<SlurmCluster> {
  const folder = await mkdtemp(join(tmpdir(), 'mirage-slurm-'))
  const conf = join(folder, 'slurm.conf')
  await mkdir(join(folder, 'state'))
  await writeFile(conf, configuration(folder))
  const env = { SLURM_CONF: conf, PATH: `${process.env.PATH}:/usr/sbin` }
  const command = (name: string, ...args: string[]) =>
    execFileSync(name, args, { env: { ...process.env, ...env }, encoding: 'utf8' })

  await startMunge()
  const daemon = (name: string, ...args: string[]) =>
    spawn(name, ['-D', '-f', conf, ...args], { env: { ...process.env, ...env }, stdio: 'ignore' })
  const controller = daemon('slurmctld')
  const nodes = { n1: daemon('slurmd', '-N', 'n1'), n2: daemon('slurmd', '-N', 'n2') }

  const cluster: SlurmCluster = {
    env,
    command,
    async killNode(name) {
      nodes[name].kill('SIGKILL')
      // The steps of the node die with it on a real machine.
      spawnSync('pkill', ['-KILL', '-f', `slurmstepd.*${folder}`])
      command('scontrol', 'update', `NodeName=${name}`, 'State=DOWN', 'Reason=lost')
      await sleep(500)
    },
    async startNode(name) {
      nodes[name] = daemon('slurmd', '-N', name)
      // It registers with the controller, which takes back a node that it was told is lost only when asked to.
      const state = () => command('sinfo', '-h', '-n', name, '-o', '%T')
      for (let tries = 0; tries < 120 && !/^(idle|alloc|mixed)/.test(state()); tries++) {
        spawnSync('scontrol', ['update', `NodeName=${name}`, 'State=RESUME'], {
          env: { ...process.env, ...env },
        })
        await sleep(500)
      }
    },
    async clear() {
      command('scancel', '--full', '-u', 'root')
      for (let tries = 0; tries < 100 && command('squeue', '-h').trim() !== ''; tries++) await sleep(200)
    },
    async [Symbol.asyncDispose]() {
      spawnSync('scancel', ['--full', '-u', 'root'], { env: { ...process.env, ...env } })
      for (const child of [nodes.n1, nodes.n2, controller]) child.kill('SIGTERM')
      await sleep(500)
      for (const child of [nodes.n1, nodes.n2, controller]) child.kill('SIGKILL')
      await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
    },
  }
  for (let tries = 0; tries < 60; tries++) {
    await sleep(500)
    const idle = spawnSync('sinfo', ['-h', '-o', '%T %D'], {
      env: { ...process.env, ...env },
      encoding: 'utf8',
    }).stdout
    if (idle?.trim() === 'idle 2') return cluster
  }
  const log = await readFile(join(folder, 'controller.log'), 'utf8').catch(() => '')
  await cluster[Symbol.asyncDispose]()
  throw new Error(`Slurm did not start:\n${log.slice(-2000)}`)
}

async function startMunge(): Promise<void> {
  if (spawnSync('sh', ['-c', 'munge -n | unmunge']).status === 0) return
  spawnSync('sh', [
    '-c',
    'mkdir -p /run/munge && chown munge /run/munge && runuser -u munge -- munged --force',
  ])
  for (let tries = 0; tries < 20; tries++) {
    await sleep(250)
    if (spawnSync('sh', ['-c', 'munge -n | unmunge']).status === 0) return
  }
  throw new Error('munged did not start')
}

function configuration(folder: string): string {
  const host = hostname().split('.')[0]
  return [
    'ClusterName=mirage',
    `SlurmctldHost=${host}(127.0.0.1)`,
    'SlurmUser=root',
    'SlurmdUser=root',
    'AuthType=auth/munge',
    'ProctrackType=proctrack/linuxproc',
    'TaskPlugin=task/none',
    'JobAcctGatherType=jobacct_gather/none',
    'AccountingStorageType=accounting_storage/none',
    'SelectType=select/cons_tres',
    'SelectTypeParameters=CR_Core',
    'ReturnToService=2',
    'SlurmdParameters=config_overrides',
    `SlurmctldPort=${PORTS.controller}`,
    `StateSaveLocation=${folder}/state`,
    `SlurmdSpoolDir=${folder}/%n`,
    `SlurmctldPidFile=${folder}/controller.pid`,
    `SlurmdPidFile=${folder}/%n.pid`,
    `SlurmctldLogFile=${folder}/controller.log`,
    `SlurmdLogFile=${folder}/%n.log`,
    // A busy machine lets a node's daemon wait; one that is killed is told to the controller.
    'SlurmdTimeout=120',
    'KillWait=2',
    'MessageTimeout=60',
    'OverTimeLimit=0',
    'SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0',
    'MaxArraySize=10001',
    `NodeName=n1 NodeHostname=${host} NodeAddr=127.0.0.1 Port=${PORTS.n1} CPUs=1 RealMemory=4000`,
    `NodeName=n2 NodeHostname=${host} NodeAddr=127.0.0.1 Port=${PORTS.n2} CPUs=1 RealMemory=4000`,
    // Jobs of the second partition push those of the first aside, which are then queued again.
    'PreemptType=preempt/partition_prio',
    'PreemptMode=REQUEUE',
    'PartitionName=main Nodes=n1,n2 Default=YES MaxTime=INFINITE PriorityTier=1 State=UP',
    'PartitionName=urgent Nodes=n1,n2 MaxTime=INFINITE PriorityTier=2 State=UP',
    '',
  ].join('\n')
}
