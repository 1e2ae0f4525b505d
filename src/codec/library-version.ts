/** The version of an installed library, from its own package.json. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { assert } from '../units/index.ts';

/**
 * Returns `NAME VERSION` of the library that is really loaded, not of the one that was asked for:
 * compressed lengths differ between versions and the version is part of a run's spec.
 */
export function libraryVersion(name: string): string {
  const require = createRequire(import.meta.url);
  // By path: a library's `exports` need not name its package.json.
  const found: unknown = require(join(dirname(require.resolve(name)), 'package.json'));
  assert(
    typeof found === 'object' && found !== null && 'version' in found,
    `the package.json of ${name} has a version`,
  );
  return `${name} ${String(found.version)}`;
}
