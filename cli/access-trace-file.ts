/** Access traces as files of a spec: they are named by path and by what is in them. */
import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import type { RunSpec, WorkloadSpec } from '../src/machine/index.ts';
import { UsageError } from '../src/units/index.ts';
import { AccessWorkload, isAccessTrace, parseAccessTrace } from '../src/workload/index.ts';
import { readInput } from './read-input.ts';

type AccessesSpec = Extract<WorkloadSpec, { readonly accesses: string }>;

/** The workload of `--trace PATH` whose bytes are an access trace; null for other bytes. */
export function accessesOf(path: string, bytes: Uint8Array): AccessesSpec | null {
  return isAccessTrace(bytes) ? { accesses: path, sha256: sha256Of(bytes) } : null;
}

/**
 * Reads the access trace that a spec names.
 * @throws UsageError for a file that is not there, is damaged, or is another than the spec says
 */
export function readAccessWorkload(spec: AccessesSpec): AccessWorkload {
  const bytes = readInput(spec.accesses, 'workload.accesses');
  checkHash(spec, sha256Of(bytes));
  return new AccessWorkload(parseAccessTrace(bytes, spec.accesses));
}

/** A spec as it is stored: its access trace is found from any folder, and known by its contents. */
export function withSettledTrace(spec: RunSpec): RunSpec {
  const { workload } = spec;
  if (!('accesses' in workload)) return spec;
  const { accesses } = workload;
  const sha256 = workload.sha256 ?? sha256Of(readInput(accesses, 'workload.accesses'));
  return { ...spec, workload: { accesses: resolve(accesses), sha256 } };
}

function checkHash({ accesses, sha256 }: AccessesSpec, found: string): void {
  if (sha256 !== undefined && sha256 !== found)
    throw new UsageError(
      `workload.sha256: ${accesses} has SHA-256 ${found}, not ${sha256}: it is another trace`,
    );
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
