import { defineConfig } from 'vitest/config';

const common = {
  globalSetup: ['packages/testing/src/global-setup.ts'],
  testTimeout: 20_000,
  hookTimeout: 60_000,
  expect: { poll: { timeout: 5000, interval: 25 } },
};

export default defineConfig({
  test: {
    teardownTimeout: 60_000, // a shared street ends with its worker
    projects: [
      {
        test: {
          ...common,
          name: 'integration',
          include: ['{gateway,services/*,packages/*}/src/**/*.test.ts'],
          exclude: ['packages/e2e/**', '**/*.large.test.ts'],
          maxWorkers: 3,
          // Each file has its own database; what they share is the code, and loading it anew for each costs half of the time.
          isolate: false,
          sequence: { groupOrder: 1 },
        },
      },
      {
        // Whole streets of real processes: one after the other, and not beside the others, as each takes the whole machine.
        test: {
          ...common,
          name: 'e2e',
          include: ['packages/e2e/src/**/*.test.ts'],
          exclude: ['**/*.large.test.ts', '**/*.chaos.test.ts'],
          testTimeout: 60_000,
          fileParallelism: false,
          isolate: false,
          sequence: { groupOrder: 2 },
        },
      },
      {
        // Stories that take longer than a run of every day has time for: npm run test:large.
        test: {
          ...common,
          name: 'large',
          include: ['{gateway,services/*,packages/*}/src/**/*.large.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          fileParallelism: false,
          sequence: { groupOrder: 3 },
        },
      },
      {
        // Everything is killed, again and again: npm run chaos. A short version runs with the streets.
        test: {
          ...common,
          name: 'chaos',
          include: ['packages/e2e/src/chaos/**/*.chaos.test.ts'],
          testTimeout: 1_200_000,
          hookTimeout: 300_000,
          fileParallelism: false,
          sequence: { groupOrder: 4 },
        },
      },
    ],
  },
});
