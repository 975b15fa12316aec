import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: [
      'gateway/src/**/*.test.ts',
      'services/*/src/**/*.test.ts',
      'packages/*/src/**/*.test.ts',
      'packages/fleet/e2e/**/*.test.ts',
    ],
    globalSetup: ['packages/testing/src/global-setup.ts'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    maxWorkers: 3,
  },
});
