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
      // The compiler has said what is wrong; the next change may put it right.
    }
  });
}

function build(): void {
  execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' });
}
