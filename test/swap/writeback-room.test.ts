import { describe, expect, it } from 'vitest';
import type { SwapDesign } from '../../src/swap/swap-design.ts';
import type { SwapClient } from '../../src/swap/swap-system.ts';
import { WritebackRoom } from '../../src/swap/writeback-room.ts';
import { NO_FRAME, type SwapEntry } from '../../src/units/index.ts';

/** Entries of cgroup 1 from 100 on, of cgroup 2 from 200 on; those from 900 on were freed. */
const entries = {
  folioAt: () => NO_FRAME,
  isSwapped: (entry: number) => entry < 900,
  cgroup: (entry: number) => Math.floor(entry / 100),
} as unknown as SwapDesign['entries'];

/** Room of each cgroup, and what was asked for. */
function roomFor(rooms: readonly number[]): { room: WritebackRoom; asked: unknown[] } {
  const asked: unknown[] = [];
  const client = {
    cgroupCount: rooms.length,
    reserveFolios: (count: number, cgroup?: number) => {
      asked.push([count, cgroup]);
      return Math.min(count, rooms[(cgroup ?? 1) - 1]!);
    },
  } as unknown as SwapClient;
  return { room: new WritebackRoom(client, entries), asked };
}

function picked(...numbers: number[]): SwapEntry[] {
  return numbers as SwapEntry[];
}

describe('room for a batch of writeback', () => {
  it('is made in each cgroup for its own pages, without those that are gone', () => {
    const { room, asked } = roomFor([9, 9, 9]);
    const batch = picked(101, 201, 900, 102, 202, 203);
    expect(room.reserve(batch.length, batch)).toBe(6);
    expect(asked).toEqual([
      [2, 1],
      [3, 2],
    ]);
  });

  it('that one cgroup has not got leaves another’s pages their turn', () => {
    const { room } = roomFor([0, 2]);
    const batch = picked(101, 102, 103, 201, 202, 203);
    room.reserve(batch.length, batch);
    // The first is tried without room, too.
    expect(batch.map((entry) => room.take(entry))).toEqual([true, false, false, true, true, false]);
  });

  it('is made anew for each batch', () => {
    const { room } = roomFor([1, 1]);
    for (let round = 0; round < 3; round++) {
      room.reserve(2, picked(101, 201));
      expect(picked(101, 201).map((entry) => room.take(entry))).toEqual([true, true]);
    }
  });

  it('is a number where there is one cgroup, and no entry is looked at', () => {
    const asked: unknown[] = [];
    const client = {
      reserveFolios: (...given: unknown[]) => {
        asked.push(given);
        return 3;
      },
    } as unknown as SwapClient;
    const untouched = {} as SwapDesign['entries'];
    const room = new WritebackRoom(client, untouched);
    expect(room.reserve(8, picked(1, 2))).toBe(3);
    expect(asked).toEqual([[8]]);
    expect(room.take(5 as SwapEntry)).toBe(true);
  });
});
