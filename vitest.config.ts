import { defineConfig, type ViteUserConfig } from 'vitest/config';

const config: ViteUserConfig = defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/build-once.ts'],
    testTimeout: 60_000,
    pool: 'forks',
    // By itself vitest leaves a CPU free: on two that is half of them.
    maxWorkers: '100%',
  },
});

export default config;
