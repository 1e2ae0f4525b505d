import { fileURLToPath } from 'node:url';
import {
  configDefaults,
  defineConfig,
  type Plugin,
  type UserWorkspaceConfig,
  type ViteUserConfig,
} from 'vitest/config';

const ROOT = fileURLToPath(new URL('.', import.meta.url));
const SOURCES = `${ROOT}src/`;
const BUILT = `${ROOT}dist/src/`;
const PROGRAM = 'test/e2e/**/*.test.ts';

/**
 * Gives tests the modules that are shipped: an import of `src/….ts` loads `dist/src/….js`, by Node
 * itself. Vitest's own transform makes every use of an import a property access, which the tests
 * that do the most work pay for twice over.
 */
const asShipped: Plugin = {
  name: 'as-shipped',
  enforce: 'pre',
  async resolveId(source, importer, options) {
    if (!source.startsWith('.') || !source.endsWith('.ts')) return null;
    const resolved = await this.resolve(source, importer, { ...options, skipSelf: true });
    if (resolved === null || !resolved.id.startsWith(SOURCES)) return resolved;
    return BUILT + resolved.id.slice(SOURCES.length).replace(/\.ts$/, '.js');
  },
};

/** What all tests share. */
const shared: NonNullable<UserWorkspaceConfig['test']> = {
  server: { deps: { external: [/\/dist\/src\//] } },
  testTimeout: 60_000,
  pool: 'forks',
  // By itself vitest leaves a CPU free: on two that is half of them.
  maxWorkers: '100%',
};

const config: ViteUserConfig = defineConfig({
  test: {
    globalSetup: ['test/build-once.ts'],
    // Vitest does not see into what Node loads, nor into the built program.
    forceRerunTriggers: [...configDefaults.forceRerunTriggers, `${ROOT}{src,cli}/**/*.ts`],
    projects: [
      {
        plugins: [asShipped],
        test: {
          ...shared,
          name: 'library',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, PROGRAM],
          // Modules of src/ keep no state (eslint sees to that), and none of these tests changes
          // the process: one of its own for every file only loaded the same modules again.
          isolate: false,
        },
      },
      {
        // These change the working folder, the environment and what a module exports.
        plugins: [asShipped],
        test: { ...shared, name: 'program', include: [PROGRAM] },
      },
    ],
  },
});

export default config;
