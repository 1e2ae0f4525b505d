/** A spec as a run stores it, with everything that decides the outcome, and back. */
import { z } from 'zod';
import {
  describeIssues,
  parseSpec,
  type Machine,
  type PreparedArea,
  type RunSpec,
} from '../src/machine/index.ts';
import type { JsonValue } from '../src/runs/index.ts';
import { requireFlat, RunError } from '../src/units/index.ts';
import { storedAreas } from './resolved-areas.ts';

/** Everything that decides the outcome, with defaults filled in and libraries named. */
export function resolvedSpec(
  spec: RunSpec,
  machine: Machine,
  areas: readonly PreparedArea[],
): JsonValue {
  const { name, version: compressorVersion } = machine.compressor;
  const resolved = {
    ...spec,
    zswap: { ...spec.zswap, compressor: name, compressorVersion },
    costs: machine.engine.costs.name,
    areasHeld: storedAreas(spec, areas),
  };
  return JSON.parse(JSON.stringify(resolved)) as JsonValue;
}

/** As far as it is looked at here; the rest is for `parseSpec`. */
const storedSpec = z.looseObject({ zswap: z.record(z.string(), z.unknown()) });

export interface SpecOfStored {
  readonly spec: RunSpec;
  /** As `storedAreas` gave them; undefined: stored without. */
  readonly areasHeld: unknown;
}

/**
 * The spec that was resolved.
 * @throws UsageError when this version does not take it
 * @throws RunError for what is no stored spec
 */
export function specOfStored(stored: JsonValue, where: string): SpecOfStored {
  requireFlat(stored, where);
  const json = storedSpec.safeParse(stored);
  if (!json.success)
    throw new RunError(`${where}: stored spec: ${describeIssues(json.error, stored)}`);
  const { costs: _costs, areasHeld, ...rest } = json.data;
  const { compressorVersion: _version, ...zswap } = rest.zswap;
  return { spec: parseSpec({ ...rest, zswap }, where), areasHeld };
}
