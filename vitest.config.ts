import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/{unit,kernel,renderers,e2e}/**/*.test.ts'],
    // A terminated worker thread aborts its process while onnxruntime-node runs, so tests run in processes.
    pool: 'forks',
    maxWorkers: 2,
    // Generous, because some run whole studies and the machine may be busy.
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
})
