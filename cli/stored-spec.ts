/** A spec as a run stores it, with everything that decides the outcome, and back. */
import { z } from 'zod';
import { parseSpec, type Machine, type PreparedArea, type RunSpec } from '../src/machine/index.ts';
import type { JsonValue } from '../src/runs/index.ts';
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

/** The spec that was resolved. @throws UsageError when this version does not take it */
export function specOfStored(stored: JsonValue, where: string): RunSpec {
  const json = z.record(z.string(), z.unknown()).parse(stored);
  const { costs: _costs, areasHeld: _areas, ...rest } = json;
  const { compressorVersion: _version, ...zswap } = rest['zswap'] as Record<string, unknown>;
  return parseSpec({ ...rest, zswap }, where);
}
