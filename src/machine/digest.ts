/** The digest of a run: equal for equal specs and seeds on any machine. */
import { createHash } from 'node:crypto';
import type { DeterministicResult } from './run-result.ts';

/** SHA-256, in hex, of everything in a result that does not depend on wall time. */
export function digestOf(result: DeterministicResult): string {
  const phases = result.phases.map(({ wallMs: _wallMs, ...rest }) => rest);
  return createHash('sha256')
    .update(JSON.stringify({ ...result, phases }, sortKeys))
    .digest('hex');
}

/** Keys in one order, whatever order they were counted in. */
function sortKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
