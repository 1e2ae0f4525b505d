/** What a machine has come to at the end of its workload, and that nothing is left after the last exit. */
import type { Engine } from '../engine/index.ts';
import type { FrameTable } from '../frames/index.ts';
import type { MemoryManager } from '../memory/index.ts';
import type { SlotMap } from '../slots/index.ts';
import type { MetadataTerm } from '../swap/index.ts';
import { assert } from '../units/index.ts';
import type { MachineAreas } from './areas.ts';
import { cgroupCharges, type CgroupCharges } from './cgroups.ts';
import type { AreaResult, RunResult, SlotRun, SwapUsage } from './run-result.ts';
import { swapUsage } from './usage.ts';

/** State at the end of the workload. */
export interface FinalState {
  readonly slots: readonly SlotRun[];
  readonly areas: readonly AreaResult[];
  readonly slotMaps: readonly SlotMap[];
  readonly metadata: readonly MetadataTerm[];
  readonly zswap: Readonly<Record<string, number>>;
  readonly histograms: RunResult['histograms'];
  readonly operations: RunResult['operations'];
  readonly usage: SwapUsage;
  readonly charges: readonly CgroupCharges[];
  readonly gauges: Readonly<Record<string, number>>;
  readonly verify: RunResult['verify'];
}

export interface StateParts {
  readonly engine: Engine;
  readonly memory: MemoryManager;
  readonly frames: FrameTable;
  readonly areas: MachineAreas;
  /** The design's entries are virtual. */
  readonly isVirtual: boolean;
}

/** All of it but the verification, which stirs the rest: called before that. */
export function takeState(
  parts: StateParts,
  slots: readonly SlotRun[],
): Omit<FinalState, 'verify'> {
  const { engine, memory, areas } = parts;
  const { swap, cgroups } = memory;
  swap.endReadRuns();
  return {
    slots,
    areas: areas.results(),
    slotMaps: areas.slotMaps(),
    operations: engine.byOperation(),
    usage: swapUsage(engine, swap, cgroups.all),
    charges: cgroupCharges(swap, cgroups),
    gauges: swap.design.gauges?.() ?? {},
    metadata: metadataTerms(parts),
    zswap: {
      ...swap.zswap.gauges(),
      ...swap.zswap.debugfs(),
      ...swap.zswap.ageFigures(),
    },
    histograms: [...engine.histograms()].map(([name, histogram]) => ({
      name,
      buckets: [...histogram.buckets()],
    })),
  };
}

/** Memory that the design, zswap and their like take now, by term. */
export function metadataTerms({ memory: { swap }, areas, isVirtual }: StateParts): MetadataTerm[] {
  const zswap = swap.zswap.metadataBytes();
  const stored = swap.zswap.entries.count;
  // Words of same-filled pages; a virtual slot's descriptor has room for its own.
  const filled = isVirtual ? 0 : swap.filled.tableBytes;
  return [
    ...swap.design.metadata(),
    ...areas.metadata(),
    ...(filled === 0
      ? []
      : [{ term: 'filled_words', kind: 'dynamic' as const, bytes: filled, units: filled / 8 }]),
    { term: 'zswap_entry', kind: 'dynamic', bytes: zswap.entries, units: stored },
    { term: 'zs_handle', kind: 'dynamic', bytes: zswap.handles, units: stored },
  ];
}

/** After the last task has gone nothing may be left: frames, slots, pool. */
export function checkEmpty({ memory, frames, areas }: StateParts): void {
  const { swap, cgroups } = memory;
  assert(frames.freeCount === frames.frameCount, 'every frame came back');
  assert(swap.zswap.entries.count === 0, 'every zswap entry came back');
  assert(swap.design.entriesInUse() === 0, 'every swap entry came back');
  for (const { chargedPages } of cgroupCharges(swap, cgroups))
    assert(chargedPages === 0, 'every charge came back');
  for (const { objectPages } of cgroups.all)
    assert(objectPages === 0, 'every charge for compressed bytes came back');
  for (const area of swap.space.areas()) assert(area.inUse === 0, 'every swap slot came back');
  areas.checkEmpty();
  areas.finishFaults();
}
