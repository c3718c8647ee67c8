import { COMMANDS } from './commands/index.ts'
import { UsageError } from './usage.ts'

/**
 * `mirage <command> ...`. Exit codes: 0 all went well, 1 a cell or the kernel failed, 2 the call or the study is
 * malformed, 130 interrupted.
 */
async function main(words: string[]): Promise<number> {
  const [first = 'help', ...rest] = words
  if (first === '--version' || first === '-V') return COMMANDS.version.run([])
  const name = first === '--help' || first === '-h' ? 'help' : first
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (!command)
    throw new UsageError(`There is no command "${name}".`, `Commands: ${Object.keys(COMMANDS).join(', ')}.`)
  if (rest.includes('--help') || rest.includes('-h')) {
    console.log(command.usage)
    return 0
  }
  return command.run(rest)
}

// Whoever reads our output may stop early (`| head`); that ends the command without a complaint.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (error instanceof UsageError) {
    console.error(`mirage: ${error.message}\n${error.remedy}`)
    process.exitCode = 2
  } else {
    throw error
  }
}
