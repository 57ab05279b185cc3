import { defineConfig } from 'vitest/config';

/**
 * The projects, run by `npm test` side by side (scripts/test.ts): `unit` (pure, parallel, seconds, any user), `system`
 * (the same, with root, real filesystems and child processes), `engine` (real container engines, one
 * file at a time: they share disks, loop devices and two cores), `fuzz` (damaged answers and files, a few of them; `npm run
 * test:fuzz` takes many), `packages` (what is installed, as users do it), `browser` (the status page in a real Chromium),
 * `cluster` (real API server).
 */
export default defineConfig({
  test: {
    // `npm run coverage`: a report, no gate.
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      exclude: ['**/generated/**'],
      reporter: ['text-summary', 'html'],
      reportsDirectory: 'test-artifacts/coverage',
    },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          // Pure tests leave nothing behind, so files share a thread and what it has loaded: a third of the time.
          isolate: false,
          pool: 'threads',
          setupFiles: ['test/setup.ts'],
          // Properties over thousands of cases: seconds, and more on a busy machine.
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'system',
          include: ['test/system/**/*.test.ts'],
          setupFiles: ['test/setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'engine',
          include: ['test/engine/**/*.test.ts'],
          globalSetup: ['test/roots/sid.ts'],
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 300_000,
        },
      },
      {
        test: {
          name: 'packages',
          include: ['test/packages/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 900_000,
        },
      },
      {
        test: {
          name: 'conformance',
          include: ['test/conformance/distribution/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 1_800_000,
        },
      },
      {
        test: {
          name: 'engines',
          include: ['test/conformance/others/**/*.test.ts'],
          globalSetup: ['test/roots/all.ts'],
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 1_800_000,
        },
      },
      {
        test: {
          name: 'own',
          include: ['test/conformance/own/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 1_800_000,
        },
      },
      {
        test: {
          name: 'fuzz',
          include: ['test/fuzz/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 600_000,
          hookTimeout: 300_000,
        },
      },
      {
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 300_000,
        },
      },
      {
        test: {
          name: 'cluster',
          include: ['test/cluster/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 1_800_000,
        },
      },
    ],
  },
});
