import { defineConfig } from 'vitest/config'

// A file of its own, apart from vite.config.ts: tests run on the server's code as it is, without the web build's plugins.
export default defineConfig({
  // The pages' tsconfig.json extends a file that Kit generates, and that `npm install` deletes until the next build.
  // Vite passes the option on to Rolldown and does not type it.
  oxc: { tsconfig: false } as object,
  test: {
    include: ['src/**/*.test.ts', 'test/*.test.ts'],
    // One module graph a worker: a run is some five times quicker, and module-level state in the product shows at once.
    isolate: false,
    // Tests mostly wait, for PostgreSQL or for a clock: two files at a time even where Vitest would take one on two cores.
    maxWorkers: 2,
    globalSetup: ['test/database.ts'],
    setupFiles: ['test/each-file.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
