/**
 * Each kind of fault at a high rate: with checksums no wrong page reaches a task, and every damaged
 * page that is read is found; without them wrong pages do, or these tests would be blind.
 */
import { describe, expect, it } from 'vitest';
import { FAULT_KINDS, type FaultKind, type FaultTally } from '../../src/device/index.ts';
import type { RunResult } from '../../src/machine/index.ts';
import { smallMachine } from '../machine/support.ts';
import { IS_SOAK } from './support.ts';

/** Kinds that nobody but a checksum notices. */
const SILENT: readonly FaultKind[] = ['torn-write', 'lost-write', 'misdirected-write', 'bit-rot'];
const PAGES = IS_SOAK ? 4000 : 260;
const TRACE = `
pages ${PAGES}
shmem 32
W 0 ${PAGES} seq ${PAGES} 1 rand
W ${PAGES} 32 seq 32 9 mix:700
FM 0 ${PAGES} rand 60 3 -
task other
W 0 80 seq 80 5 rand
M 0 80 rand 160 6 -
task main
M 0 ${PAGES + 32} rand ${3 * PAGES} 4 -
D 0 ${PAGES} rand 30 4 -
M 0 ${PAGES + 32} rand ${2 * PAGES} 6 -
`;

function addressOf(kind: FaultKind): string {
  if (kind === 'gone') return 'operation=500';
  // So rare that reads are reached at all: the first one that fails ends its task.
  return kind.endsWith('read') ? 'ppm=4000' : 'ppm=20000';
}

async function run(
  kind: FaultKind,
  payload: 'bytes' | 'none',
  hasChecksums: boolean,
): Promise<{ result: RunResult; tally: FaultTally }> {
  const machine = smallMachine({
    ...{ trace: TRACE, payload, memoryPages: 128, pageCluster: 1 },
    areas: [{ pages: PAGES * 3, hasChecksums }],
    faults: [`${kind},${addressOf(kind)}`],
    onWrongPage: 'count',
  });
  const result = await machine.run();
  machine.memory.checkInvariants();
  const tally = result.faults.find((each) => each.kind === kind)!;
  expect(tally.fired).toBeGreaterThan(0);
  const { fired, detected, unread, lost, harmless, pending } = tally;
  expect([kind, pending, fired]).toEqual([kind, 0, detected + unread + lost + harmless]);
  return { result, tally };
}

describe.each(['bytes', 'none'] as const)('faults at a high rate, payload %s', (payload) => {
  it.each(FAULT_KINDS)('give no task a wrong page where there are checksums: %s', async (kind) => {
    const { result, tally } = await run(kind, payload, true);
    expect([result.wrongPages, tally.lost, result.verify.mismatches]).toEqual([0, 0, 0]);
    if (SILENT.includes(kind)) expect(tally.detected).toBeGreaterThan(0);
    if (tally.kind === 'eio-write') expect(result.killedTasks).toBe(0);
    expect(result.killedTasks).toBe(result.sigbusTasks);
  });

  it.each(SILENT)('give tasks wrong pages without checksums: %s', async (kind) => {
    const { result, tally } = await run(kind, payload, false);
    expect(tally.lost).toBeGreaterThan(0);
    expect(tally.detected).toBe(0);
    expect(result.wrongPages).toBeGreaterThanOrEqual(tally.lost);
    expect(result.verify.mismatches).toBeGreaterThan(0);
    // Each page that is wrong at the end was counted when it was given; two tasks compare shared ones.
    expect(2 * result.wrongPages).toBeGreaterThanOrEqual(result.verify.mismatches);
  });
});

describe('a wrong page', () => {
  it('ends the run unless it is to be counted, and the error names the fault', async () => {
    const machine = smallMachine({
      ...{ trace: TRACE, memoryPages: 128, areas: [{ pages: PAGES * 3 }] },
      faults: ['bit-rot,ppm=20000'],
    });
    await expect(machine.run()).rejects.toThrow(
      /differs from what was written; damaged by bit-rot/,
    );
  });
});
