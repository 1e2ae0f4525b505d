/**
 * What makes a stored run this run: a hash of all that its spec and seed decide, and of nothing that
 * depends on the machine, the moment, or what the user called it.
 */
import { createHash } from 'node:crypto';
import { canonicalJson, isObject, specHash, type JsonValue } from './json.ts';
import type { StoredRun } from './records.ts';

/** Hash of a spec without what the user calls the run: runs that must agree share it. */
export function identityHash(spec: JsonValue): string {
  if (!isObject(spec)) return specHash(spec);
  const { name: _, ...rest } = spec;
  return specHash(rest);
}

/** SHA-256 of a run's deterministic content, 64 hex digits. */
export function contentHash(run: StoredRun): string {
  const { version, status, exitCode, digest, verify, slotRuns, virtualNs } = run;
  const { metadata, histograms, faultCounts, metrics, operations, slotMaps } = run;
  const phases = run.phases.map(({ wallMs: _, ...phase }) => phase);
  // Paths of temporary files are others each time, in details as well.
  const areas = run.areas.map(({ path: _, ...area }) => area);
  const faults = run.faults.map(({ area: _, detail: __, ...fault }) => fault);
  const steering = run.steering.map(({ area: _, detail: __, ...answer }) => answer);
  const events = run.events.map(({ timeNs, kind }) => ({ timeNs, kind }));
  const content = {
    // Of an aborted run the reason names a process.
    exitReason: status === 'failed' ? run.exitReason : null,
    ...{
      identity: identityHash(run.spec),
      version,
      status,
      exitCode,
      digest,
      verify,
      slotRuns,
      virtualNs,
      phases,
      metadata,
    },
    ...{ histograms, areas, faults, faultCounts, steering, events, metrics, operations, slotMaps },
  };
  // Through JSON, which leaves out what is undefined.
  const json = JSON.parse(JSON.stringify(content)) as JsonValue;
  return createHash('sha256').update(canonicalJson(json)).digest('hex');
}

/** SHA-256 of several runs, whatever their numbers and order: of a whole database. */
export function contentHashOfAll(runs: readonly StoredRun[]): string {
  const hashes = runs.map(contentHash).sort();
  return createHash('sha256').update(hashes.join('\n')).digest('hex');
}
