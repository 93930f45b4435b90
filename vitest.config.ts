import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Many files start programs of their own and wait for them: two at a time take half as long, on two cores too.
    maxWorkers: 2,
    testTimeout: 30_000,
    // A deadline, not a duration: what is polled for comes at once on a quiet machine.
    expect: { poll: { timeout: 20_000 } },
    hookTimeout: 60_000,
    reporters: ['default', './test/support/client-reporter.ts'],
  },
});
