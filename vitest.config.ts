import { defineConfig } from 'vitest/config'

// A file of its own, apart from vite.config.ts: tests run on the server's code as it is, without the web build's plugins.
export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/*.test.ts'],
    // One module graph a worker: a run is some five times quicker, and module-level state in the product shows at once.
    isolate: false,
    globalSetup: ['test/database.ts'],
    setupFiles: ['test/each-file.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
