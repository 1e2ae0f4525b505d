/**
 * What makes a stored run this run: a hash of all that its spec and seed decide, and of nothing that
 * depends on the machine, the moment, or what the user called it.
 */
import { createHash } from 'node:crypto';
import { canonicalJson, flattenParameters, isObject, specHash, type JsonValue } from './json.ts';
import type { StoredRun } from './records.ts';

/** Hash of a spec without what the user calls the run: runs that must agree share it. */
export function identityHash(spec: JsonValue): string {
  if (!isObject(spec)) return specHash(spec);
  const { name: _, ...rest } = spec;
  return specHash(rest);
}

/** SHA-256 of a run's deterministic content, 64 hex digits. */
export function contentHash(run: StoredRun): string {
  return createHash('sha256')
    .update(canonicalJson(contentOf(run)))
    .digest('hex');
}

/** Where the contents of two runs first differ: `counters.pswpout is 10 and 11`. */
export function firstDifference(a: StoredRun, b: StoredRun): string {
  const [ofA, ofB] = [a, b].map((run) => {
    // By name: a metric's place says nothing to people.
    const metrics = Object.fromEntries(run.metrics.map(({ name, value }) => [name, value]));
    const { metrics: rest, ...content } = contentOf(run) as { readonly metrics: JsonValue };
    const leaves = flattenParameters({ metrics, ...content, metricsInFull: rest });
    return new Map(leaves.map(({ key, value }) => [key, value]));
  });
  const keys = [...ofA!.keys(), ...ofB!.keys()];
  const key = keys.find((each) => ofA!.get(each) !== ofB!.get(each));
  if (key === undefined) return 'nothing';
  const [valueA = 'not there', valueB = 'not there'] = [ofA!.get(key), ofB!.get(key)];
  return `${key} is ${valueA} and ${valueB}`;
}

/** All that must be the same when the run is made again. */
function contentOf(run: StoredRun): JsonValue {
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
  return JSON.parse(JSON.stringify(content)) as JsonValue;
}

/**
 * SHA-256 of several runs, whatever their numbers and order: of a whole database, of a sweep.
 * @param hashes - the content hash of each
 */
export function contentHashOfAll(hashes: readonly string[]): string {
  return createHash('sha256')
    .update([...hashes].sort().join('\n'))
    .digest('hex');
}
