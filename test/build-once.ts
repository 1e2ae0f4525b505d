/**
 * Builds the program before the tests, which load its modules (`vitest.config.ts`) or run it as a
 * user would; in watch mode before each run. A build that fails ends the run.
 */
import { execFileSync } from 'node:child_process';
import type { TestProject } from 'vitest/node';

export function setup(project: TestProject): void {
  build();
  project.onTestsRerun(() => {
    try {
      build();
    } catch {
      // Types are wrong, as tsc has said; what it emits is as new as the sources, and can be tested.
    }
  });
}

function build(): void {
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], {
    stdio: 'inherit',
  });
}
