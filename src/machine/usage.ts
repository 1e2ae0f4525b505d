/** Counting swap usage both ways, at the end of a workload. */
import type { Engine } from '../engine/index.ts';
import { ROLE } from '../slots/index.ts';
import type { SwapSystem } from '../swap/index.ts';
import { NO_ENTRY } from '../units/index.ts';
import type { SwapUsage } from './run-result.ts';

/** Looks at every entry of zswap and counts; what it reads is in no counter. */
export function swapUsage(
  engine: Engine,
  swap: SwapSystem,
  cgroups: readonly { readonly id: number }[],
): SwapUsage {
  let slotsOfZswap = 0;
  engine.aside(() => {
    swap.zswap.entries.forEach((entry) => {
      if (swap.design.backing.slotForRead(entry) !== NO_ENTRY) slotsOfZswap += 1;
    });
  });
  const plain = swap.space.areas().filter((area) => area.role === ROLE.plain);
  return {
    entries: swap.design.entriesInUse(),
    slots: plain.reduce((sum, area) => sum + area.inUse, 0),
    zeroEntries: swap.design.zeroEntries(),
    zswapEntries: swap.zswap.entries.count,
    slotsOfZswap,
    chargedPages: cgroups.reduce((sum, { id }) => sum + swap.chargedEntries(id), 0),
  };
}
