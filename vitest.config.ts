import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const common = {
  globalSetup: ['packages/testing/src/global-setup.ts'],
  testTimeout: 120_000, // the integration tests run at a lower priority beside the others
  hookTimeout: 120_000,
  fsModuleCache: true, // keeps transformed modules from run to run
  // A larger young generation, because most objects of a test die at its end: fewer collections, and less that survives them.
  execArgv: ['--min-semi-space-size=32', '--max-semi-space-size=64'],
  expect: { poll: { timeout: 45_000, interval: 25 } },
};
/** Installed packages, whose links lead to thousands of folders: looking for tests there takes ten seconds. */
const installed = '**/node_modules/**';
const withPostgres = { globalSetup: [...common.globalSetup, 'packages/testing/src/postgres-setup.ts'] };
/** Tests that start their own fleets. All others of packages/e2e share two fleets in one worker. */
const ownFleets = ['packages/e2e/src/journeys/fleet.test.ts', 'packages/e2e/src/chaos/*.test.ts'];

/** Tests that take longer than the size of their file says, by which vitest sorts what it has not run before. */
const isLong = ({ moduleId }: TestSpecification) => /\/(?:barriers|security)\.console\.test\.ts$/v.test(moduleId);
/** Lets them begin first: else one worker is at them while the other has nothing left. */
class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files); // oxlint-disable-line unicorn/no-array-sort -- vitest's own, of no array
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

// `npm test` runs integration, e2e and fleets side by side (packages/testing/src/run-tests.ts).
export default defineConfig({
  test: {
    teardownTimeout: 60_000, // a worker stops its shared fleets
    sequence: { sequencer: LongFirst },
    projects: [
      {
        test: {
          ...common,
          ...withPostgres,
          name: 'integration',
          include: ['{gateway,services/*,packages/*}/src/**/*.test.ts'],
          exclude: [installed, 'packages/e2e/**', '**/*.large.test.ts'],
          maxWorkers: 3, // each loads and compiles the modules of all services
          // Each file has its own database. Files share loaded modules, because loading them takes half of the time.
          isolate: false,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...common,
          name: 'e2e',
          include: ['packages/e2e/src/**/*.test.ts'],
          exclude: [installed, '**/*.{large,chaos,browser,console,screenshots}.test.ts', ...ownFleets],
          testTimeout: 120_000,
          fileParallelism: false,
          isolate: false,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          ...common,
          name: 'fleets',
          include: ownFleets,
          exclude: [installed, '**/*.chaos.test.ts'],
          testTimeout: 120_000,
          fileParallelism: false,
          isolate: false,
          sequence: { groupOrder: 3 },
        },
      },
      {
        // Long tests: npm run test:large.
        test: {
          ...common,
          ...withPostgres,
          name: 'large',
          include: ['{gateway,services/*,packages/*}/src/**/*.large.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          fileParallelism: false,
          sequence: { groupOrder: 4 },
        },
      },
      {
        // The pages of the documentation in Chromium: npm run test:browser.
        test: {
          ...common,
          name: 'browser',
          include: ['packages/e2e/src/**/*.browser.test.ts'],
          testTimeout: 180_000,
          fileParallelism: false,
          sequence: { groupOrder: 6 },
        },
      },
      {
        // The web console in Chromium: npm run test:console.
        test: {
          ...common,
          name: 'console',
          include: ['packages/e2e/src/**/*.console.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          maxWorkers: 2, // each with its own fleet and browser
          isolate: false,
          sequence: { groupOrder: 7 },
        },
      },
      {
        // Pictures of all screens of the console, for a person to look at: npm run screenshots.
        test: {
          ...common,
          name: 'screenshots',
          include: ['packages/e2e/src/**/*.screenshots.test.ts'],
          hookTimeout: 180_000,
          sequence: { groupOrder: 8 },
        },
      },
      {
        // The fault-injection suite: npm run chaos. The project `fleets` runs a short version.
        test: {
          ...common,
          name: 'chaos',
          include: ['packages/e2e/src/chaos/**/*.chaos.test.ts'],
          testTimeout: 1_200_000,
          hookTimeout: 300_000,
          fileParallelism: false,
          sequence: { groupOrder: 5 },
        },
      },
    ],
  },
});
