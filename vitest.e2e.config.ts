import { defineConfig } from 'vitest/config'

// Browser journeys: one file after another, because they share two cores with Chromium and PostgreSQL.
export default defineConfig({
  // As in vitest.config.ts.
  oxc: { tsconfig: false } as object,
  test: {
    include: ['test/e2e/*.e2e.ts'],
    isolate: false,
    // The built pages run as they are.
    server: { deps: { external: [/\/(build|out)\//] } },
    fileParallelism: false,
    globalSetup: ['test/database.ts'],
    testTimeout: 180_000,
    hookTimeout: 120_000,
  },
})
