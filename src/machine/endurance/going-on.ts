/**
 * How a run goes on where a killed one stopped. The swap areas and memory begin anew; rules that have
 * fired for good stay spent, and the streams of devices and faults are others than at the start.
 */
import { FAULT_KINDS, parseFaultRule, type FaultTally } from '../../device/index.ts';
import { Mulberry32 } from '../../workload/index.ts';
import type { RunSpec } from '../spec.ts';

export interface GoingOn {
  readonly resumed: number;
  readonly totals: { readonly operations: number };
  readonly spent: readonly number[];
}

const NONE_FIRED = { fired: 0, detected: 0, unread: 0, lost: 0, harmless: 0, pending: 0 };

/** The rule fires at one moment of the run, not at a rate. */
export function firesOnce(text: string): boolean {
  const { address } = parseFaultRule(text, 'faults');
  return (
    address.by === 'operation' ||
    address.by === 'time' ||
    (address.by === 'nth' && address.every === null)
  );
}

/** The spec of the machine that goes on: the same as before for a run that begins. */
export function goOn(spec: RunSpec, { resumed, totals, spent }: GoingOn): RunSpec {
  if (resumed === 0) return spec;
  const stream = new Mulberry32(spec.seed ^ Math.imul(resumed, 0x9e3779b1) ^ totals.operations);
  // A rule keeps its place in the list: it is known by that.
  const faults = spec.faults.map((text, index) => (spent.includes(index) ? never(text) : text));
  return { ...spec, seed: stream.next(), faults };
}

/** The rule as one that no operation meets. */
function never(text: string): string {
  const { kind, area } = parseFaultRule(text, 'faults');
  return `${kind}${area === null ? '' : `,area=${area}`},operation=${Number.MAX_SAFE_INTEGER - 1}`;
}

/**
 * What became of the faults of all parts of a run. Those that a kill left undecided went with the
 * machine: nobody can read them any more.
 */
export function sumTallies(
  before: readonly FaultTally[],
  now: readonly FaultTally[],
): FaultTally[] {
  return FAULT_KINDS.flatMap((kind) => {
    const old = before.find((tally) => tally.kind === kind) ?? NONE_FIRED;
    const tally = now.find((each) => each.kind === kind) ?? NONE_FIRED;
    const fired = old.fired + tally.fired;
    if (fired === 0) return [];
    return {
      ...{ kind, fired },
      detected: old.detected + tally.detected,
      unread: old.unread + old.pending + tally.unread,
      lost: old.lost + tally.lost,
      harmless: old.harmless + tally.harmless,
      pending: tally.pending,
    };
  });
}
