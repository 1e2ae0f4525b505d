/** Access traces as files of a spec: they are named by path and by what is in them. */
import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import type { RunSpec, WorkloadSpec } from '../src/machine/index.ts';
import { UsageError } from '../src/units/index.ts';
import {
  ACCESS_TRACE_BYTES_MAX,
  AccessWorkload,
  isAccessTrace,
  parseAccessTrace,
} from '../src/workload/index.ts';
import { readInput, requireLength, TEXT_BYTES_MAX } from './read-input.ts';

type AccessesSpec = Extract<WorkloadSpec, { readonly accesses: string }>;
type TraceSpec = Extract<WorkloadSpec, { readonly trace: string }>;

/**
 * The workload of a trace file: an access trace, or a text.
 * @param option - who names it, as messages have it
 * @param source - what to call a text in errors
 */
export function readTrace(
  path: string,
  option: string,
  source: string = path,
): AccessesSpec | TraceSpec {
  const bytes = readInput(path, option, ACCESS_TRACE_BYTES_MAX);
  if (isAccessTrace(bytes)) return { accesses: path, sha256: sha256Of(bytes) };
  requireLength(`${option}: ${path}`, bytes.length, TEXT_BYTES_MAX);
  return { trace: bytes.toString('utf8'), source };
}

/**
 * Reads the access trace that a spec names.
 * @throws UsageError for a file that is not there, is damaged, or is another than the spec says
 */
export function readAccessWorkload(spec: AccessesSpec): AccessWorkload {
  const bytes = readBytes(spec.accesses);
  checkHash(spec, sha256Of(bytes));
  return new AccessWorkload(parseAccessTrace(bytes, spec.accesses));
}

/** A spec as it is stored: its access trace is found from any folder, and known by its contents. */
export function withSettledTrace(spec: RunSpec): RunSpec {
  const { workload } = spec;
  return 'accesses' in workload ? { ...spec, workload: settledAccesses(workload, '') } : spec;
}

/**
 * What names an access trace from any folder, by what is in it.
 * @param folder - to which its path is relative; '': the present one
 * @throws UsageError for a file that cannot be read
 */
export function settledAccesses(spec: AccessesSpec, folder: string): AccessesSpec {
  const accesses = resolve(folder, spec.accesses);
  const sha256 = spec.sha256 ?? sha256Of(readBytes(accesses));
  return { accesses, sha256 };
}

/** Access traces of this machine: where the one with a SHA-256 is. */
export type TracePlaces = ReadonlyMap<string, string>;

/**
 * Reads files to know them by what is in them.
 * @param option - as messages name it
 * @throws UsageError for what is no access trace
 */
export function placesOf(paths: readonly string[], option: string): TracePlaces {
  const places = new Map<string, string>();
  for (const path of paths) {
    const bytes = readInput(path, option, ACCESS_TRACE_BYTES_MAX);
    if (!isAccessTrace(bytes))
      throw new UsageError(`${option}: ${path} is no access trace (swaplab import makes them)`);
    places.set(sha256Of(bytes), resolve(path));
  }
  return places;
}

/** The spec with its access trace where this machine has it. */
export function withTraceFrom(spec: RunSpec, places: TracePlaces): RunSpec {
  const { workload } = spec;
  if (!('accesses' in workload) || workload.sha256 === undefined) return spec;
  const accesses = places.get(workload.sha256);
  return accesses === undefined ? spec : { ...spec, workload: { ...workload, accesses } };
}

function readBytes(path: string): Buffer {
  return readInput(path, 'workload.accesses', ACCESS_TRACE_BYTES_MAX);
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
