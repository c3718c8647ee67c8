import Mocha from 'mocha'

/** Entry of the tests that run inside the extension host, as `extensionTestsPath` names it. Rejects on a failure. */
export async function run(): Promise<void> {
  const mocha = new Mocha({ ui: 'bdd', timeout: 120_000, color: false })
  mocha.suite.emit('pre-require', globalThis, '', mocha)
  await import('./study.ts')
  const failures = await new Promise<number>(done => mocha.run(done))
  if (failures > 0) throw new Error(`${failures} tests failed in the extension host`)
}
