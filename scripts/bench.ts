// Runs the benchmarks one after the other, each in its own process: `npm run bench [name ...]`. Every figure is a ratio
// within one run, because absolute times say more about the machine than about the code.
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'

const asked = process.argv.slice(2)
const all = readdirSync('bench').filter(name => name.endsWith('.bench.ts'))
const chosen = asked.length ? all.filter(name => asked.includes(name.replace('.bench.ts', ''))) : all
if (chosen.length === 0) {
  console.error(`No such benchmark. There are: ${all.map(name => name.replace('.bench.ts', '')).join(', ')}`)
  process.exit(2)
}
let failed = false
for (const name of chosen) {
  console.log(`\n== ${name.replace('.bench.ts', '')}`)
  const { status } = spawnSync(process.execPath, [`bench/${name}`], { stdio: 'inherit' })
  failed ||= status !== 0
}
process.exit(failed ? 1 : 0)
