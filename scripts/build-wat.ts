// Compiles every WebAssembly text file (*.wat) of the sources to a module beside it that holds its bytes (*.wasm.ts):
//   node scripts/build-wat.ts           writes them
//   node scripts/build-wat.ts --check   fails where one is not what its text says
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import wabt from 'wabt'

/** The TypeScript module for a text. */
async function moduleOf(path: string): Promise<string> {
  const { parseWat } = await wabt()
  const parsed = parseWat(path, readFileSync(path, 'utf8'), { simd: true })
  parsed.validate()
  const bytes = parsed.toBinary({}).buffer
  parsed.destroy()
  const name = path.split(/[\\/]/).at(-1)
  return `/** Compiled from ${name} by scripts/build-wat.ts; base64. */\nexport const WASM =\n  '${Buffer.from(bytes).toString('base64')}'\n`
}

const check = process.argv.includes('--check')
for (const path of globSync('src/**/*.wat')) {
  const target = path.replace(/\.wat$/, '.wasm.ts')
  const text = await moduleOf(path)
  if (!check) writeFileSync(target, text)
  else if (readFileSync(target, 'utf8') !== text) {
    console.error(`${target} is not what ${path} says: run node scripts/build-wat.ts`)
    process.exitCode = 1
  }
}
