/** Files that the package brings along. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/**
 * Where a file of the package is.
 * @param path - in the package's folder
 */
export function packageFile(path: string): string {
  // By the package's own name: it works from the sources and when installed.
  const manifest = createRequire(import.meta.url).resolve('swaplab/package.json');
  return join(dirname(manifest), path);
}
