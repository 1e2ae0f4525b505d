/** What a run of a plan is known by, on every machine and in every database. */
import type { RunSpec } from '../machine/index.ts';
import { identityHash, specHash, type JsonValue } from '../runs/index.ts';

/** The id of a spec: 64 hex digits. */
export type RunIds = (spec: RunSpec) => string;

/**
 * Ids are SHA-256 of the checked spec, its name left out, and the version of swaplab that makes its
 * run. Specs that share a workload, which may be a trace of megabytes, have it hashed once.
 * @param version - of swaplab
 */
export function runIds(version: string): RunIds {
  let hashed: { readonly text: string; readonly hash: string } | null = null;
  const shortened = (workload: RunSpec['workload']): object => {
    if (!('trace' in workload)) return workload;
    const { trace, ...rest } = workload;
    if (hashed?.text !== trace) hashed = { text: trace, hash: specHash(trace) };
    return { ...rest, trace: hashed.hash };
  };
  return ({ workload, ...spec }) => {
    // Within the spec: of a trace that it names by its hash the path is no part of what the run is.
    const identity = identityHash(plain({ ...spec, workload: shortened(workload) }));
    return specHash({ identity, version });
  };
}

/** Through JSON, which leaves out what is undefined. */
function plain(value: unknown): JsonValue {
  return JSON.parse(JSON.stringify(value)) as JsonValue;
}
