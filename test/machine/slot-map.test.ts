import { describe, expect, it } from 'vitest';
import { SLOT_MAP_CELLS_MAX, SLOT_STATES, type SlotState } from '../../src/slots/index.ts';
import type { RunResult } from '../../src/machine/index.ts';
import { designsUnderTest } from '../conformance/support/designs.ts';
import { runSmall } from './support.ts';

/** Zeros, pages that compress and such that do not, frees, a pool that overflows. */
const TRACE = `pages 400
W 0 200 seq 200 1 fill:ff
W 200 100 seq 100 2 zero
W 300 100 seq 100 3 rand
R 0 400 rand 300 4 -
D 100 60 rand 40 5 -
W 0 400 rand 200 6 fill:0f
`;

type Map = RunResult['slotMaps'][number];

function total({ cells }: Map, state: SlotState): number {
  return cells.reduce((sum, { counts }) => sum + counts[SLOT_STATES.indexOf(state)]!, 0);
}

function ofAll(maps: readonly Map[], state: SlotState): number {
  return maps.reduce((sum, map) => sum + total(map, state), 0);
}

describe.each(designsUnderTest)('the slot maps of $label', ({ label, kind }) => {
  const isGhost = kind.areas === 'all-ghost';
  const run = (): Promise<RunResult> =>
    runSmall({
      ...{ trace: TRACE, design: label, memoryPages: 150, payload: 'none' },
      ramPages: kind.writesBack ? 128 : 4096,
      areas: [
        { pages: 1500, ghost: isGhost, badPages: [7, 600, 601] },
        { pages: 500, ghost: isGhost, priority: -1 },
      ],
      zswap: { enabled: true, maxPoolPercent: 20 },
    });

  it('agree with the areas, the usage and the allocator', async () => {
    const { slotMaps, areas, usage } = await run();
    expect(slotMaps.map(({ type }) => type)).toEqual(areas.map(({ type }) => type));
    for (const [index, map] of slotMaps.entries()) {
      const { pages, usedPages, freeSlots, freeRuns } = areas[index]!;
      const bad = total(map, 'bad');
      expect(map.cells.length).toBeLessThanOrEqual(SLOT_MAP_CELLS_MAX);
      expect(map.cells.reduce((sum, { slots }) => sum + slots, 0)).toBe(pages + bad);
      expect(total(map, 'free')).toBe(pages - usedPages);
      const runs = map.freeRuns.reduce((sum, { count }) => sum + count, 0);
      if (freeSlots > 0) expect([runs, total(map, 'free')]).toEqual([freeRuns, freeSlots]);
      expect(bad).toBe(index === 0 ? 4 : 1);
    }
    const taken = ['written', 'zswap', 'zero', 'cached'] as const;
    const used = areas.reduce((sum, { usedPages }) => sum + usedPages, 0);
    expect(taken.reduce((sum, state) => sum + ofAll(slotMaps, state), 0)).toBe(used);
    // Where entries are slots, each of zeros or in zswap is one.
    const isSlot = !kind.isVirtual;
    expect(ofAll(slotMaps, 'zero')).toBe(isSlot ? usage.zeroEntries : 0);
    expect(ofAll(slotMaps, 'zswap')).toBe(isSlot ? usage.zswapEntries : 0);
    expect(usage.zswapEntries).toBeGreaterThan(0);
    const written = ofAll(slotMaps, 'written');
    if (kind.writesBack) expect(written).toBeGreaterThan(0);
    else expect(written).toBe(0);
  });
});

describe('a slot map', () => {
  const filled = (pages: number): Promise<RunResult> =>
    runSmall({
      // No table of it grows with the area.
      design: 'swap-table-4:p4',
      ...{ trace: 'pages 300\nW 0 300 seq 300 1 fill:ff\n', memoryPages: 100, payload: 'none' },
      areas: [{ pages }],
    });

  it('has the clusters by the lists of the allocator', async () => {
    const [map] = (await filled(2048)).slotMaps;
    expect(map!.clusterLists).toEqual([
      { list: 'free', order: 0, clusters: 3 },
      { list: 'frag', order: 0, clusters: 1 },
    ]);
    expect(map!.cells.slice(0, 2)).toEqual([
      { firstSlot: 0, slots: 2, counts: [0, 1, 0, 0, 0, 1] },
      { firstSlot: 2, slots: 2, counts: [0, 2, 0, 0, 0, 0] },
    ]);
    expect(map!.freeRuns).toHaveLength(1);
  });

  it('of a terabyte is no larger than any other', async () => {
    const { slotMaps, areas } = await filled(2 ** 28);
    expect(slotMaps[0]!.cells).toHaveLength(SLOT_MAP_CELLS_MAX);
    expect(total(slotMaps[0]!, 'free')).toBe(2 ** 28 - 1 - areas[0]!.usedPages);
    expect(areas[0]!.freeRuns).toBe(1);
  });
});
