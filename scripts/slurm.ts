/**
 * Checks for the Slurm daemons that the cluster tests start on this machine, and installs them from the distribution
 * when this runs as root on Debian or Ubuntu. Elsewhere than on Linux there is nothing to do: those tests say that they
 * are skipped.
 *
 *     node scripts/slurm.ts
 */
import { spawnSync } from 'node:child_process'

const PACKAGES = ['slurmctld', 'slurmd', 'slurm-client', 'munge']
const COMMANDS = ['slurmctld', 'slurmd', 'sbatch', 'munged']

const isThere = (command: string) =>
  spawnSync('sh', ['-c', `PATH=$PATH:/usr/sbin command -v ${command}`]).status === 0
const missing = () => COMMANDS.filter(command => !isThere(command))

if (process.platform === 'linux' && missing().length > 0) {
  const command = `apt-get update && apt-get install -y --no-install-recommends ${PACKAGES.join(' ')}`
  if (process.getuid?.() === 0 && isThere('apt-get')) {
    console.log(`Installing ${PACKAGES.join(', ')} ...`)
    spawnSync('sh', ['-c', command], {
      stdio: 'inherit',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    })
  }
  const still = missing()
  if (still.length > 0) {
    console.error(`The cluster tests need ${still.join(', ')}.\nRun:\n    sudo sh -c '${command}'`)
    process.exit(1)
  }
}
