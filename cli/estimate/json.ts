/** The document of `swaplab estimate --json`: figures with their units in their names. */
import type { Estimate } from '../../src/estimate/index.ts';
import type { MachineMemory } from './notes.ts';
import type { ProcessRow } from '../../src/report/text/estimate-text.ts';

export interface EstimateDocument {
  /** Where the pages come from, and what was left out. */
  readonly source: Readonly<Record<string, unknown>>;
  readonly machine?: MachineMemory;
  readonly estimate: Estimate;
  readonly seed: number;
  readonly notes: readonly string[];
  /** By which `ratio` of the processes is. */
  readonly compressor?: string | undefined;
  readonly processes?: readonly ProcessRow[];
}

/** Intervals are `{value, low, high}`, of 95 %; shares go from 0 to 1. */
export function estimateJson({ estimate, ...rest }: EstimateDocument): unknown {
  const { source, machine, seed, notes, compressor, processes } = rest;
  const { pages, bytes, sampledPages, ramBytes, compressors, ...shares } = estimate;
  return {
    ...{ source, seed, pages, bytes, sampledPages, ramBytes },
    ...(machine === undefined ? {} : { machine }),
    ...{ shares, compressors },
    ...(processes === undefined
      ? {}
      : { processes: { ratioCompressor: compressor, rows: processes } }),
    notes,
  };
}
