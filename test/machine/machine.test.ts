import { describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import { runSmall, smallMachine, sum } from './support.ts';

const CONTENTS = ['zero', 'rand', 'mix:2048', 'mix:700', 'spread', 'fill:ff'];

/** A random trace over `pages` pages. */
function traceOf(pages: number): fc.Arbitrary<string> {
  const line = fc
    .record({
      verb: fc.constantFrom('W', 'W', 'M', 'R', 'D', 'FW', 'FM', 'FR'),
      first: fc.integer({ min: 0, max: pages - 9 }),
      order: fc.constantFrom('seq', 'rev', 'rand', 'hot'),
      draws: fc.integer({ min: 1, max: 2 * pages }),
      seed: fc.integer({ min: 0, max: 1000 }),
      content: fc.constantFrom(...CONTENTS),
    })
    .chain((op) =>
      fc.integer({ min: 8, max: pages - op.first }).map((count) => {
        const content = op.verb.endsWith('W') ? op.content : '-';
        return `${op.verb} ${op.first} ${count} ${op.order} ${op.draws} ${op.seed} ${content}`;
      }),
    );
  return fc
    .array(line, { minLength: 1, maxLength: 6 })
    .map((lines) =>
      [`pages ${pages}`, `W 0 ${pages} seq ${pages} 1 mix:1024`, ...lines].join('\n'),
    );
}

describe('a machine', () => {
  it('gives every page back as it was written, whatever the trace and the settings', async () => {
    await fc.assert(
      fc.asyncProperty(
        traceOf(300),
        fc.record({
          payload: fc.constantFrom('bytes' as const, 'none' as const),
          enabled: fc.boolean(),
          ramPages: fc.constantFrom(256, 1024),
          writebackBatch: fc.constantFrom(1, 32),
          ghost: fc.boolean(),
          pageCluster: fc.integer({ min: 0, max: 4 }),
          profile: fc.constantFrom('nvme', 'hdd', 'zram'),
        }),
        async (trace, pick) => {
          const machine = smallMachine({
            trace,
            memoryPages: 120,
            payload: pick.payload,
            ramPages: pick.ramPages,
            pageCluster: pick.pageCluster,
            zswap: {
              enabled: pick.enabled,
              maxPoolPercent: 20,
              writebackBatch: pick.writebackBatch,
            },
            areas: [
              { pages: 700, priority: 5, profile: pick.profile },
              // A ghost without zswap can hold zero pages only.
              ...(pick.ghost && pick.enabled ? [{ pages: 700, ghost: true, priority: 5 }] : []),
            ],
          });
          const result = await machine.run();
          // run() itself asserts all invariants and that no frame, slot or zswap entry is left.
          const { cgroup } = machine.memory;
          cgroup.drainStock();
          expect(cgroup.usagePages).toBe(0);
          expect(machine.swap.chargedEntries(cgroup.id)).toBe(0);
          expect(machine.swap.zswap.gauges()).toMatchObject({
            stored_pages: 0,
            stored_bytes: 0,
            pool_total_size: 0,
            stored_incompressible_pages: 0,
          });
          expect(result.verify.mismatches).toBe(0);
          if (result.killedTasks === 0) expect(result.verify.pagesChecked).toBe(300);
        },
      ),
      { numRuns: 60, seed: 20251, endOnFailure: true },
    );
  }, 60_000);

  it('gives the same digest twice, and another one for another seed of its devices', async () => {
    const trace = 'pages 300\nW 0 300 seq 300 1 mix:1024\nR 0 300 rand 900 3 -\n';
    const machine = { trace, memoryPages: 100, areas: [{ pages: 400, profile: 'hdd' }] };
    const first = await runSmall(machine);
    expect((await runSmall(machine)).digest).toBe(first.digest);
    expect((await runSmall({ ...machine, seed: 2 })).digest).not.toBe(first.digest);
  });

  it('counts the same with and without bytes where contents compress to the same length', async () => {
    const trace =
      'pages 400\nW 0 200 seq 200 1 fill:ff\nW 200 200 seq 200 1 zero\n' +
      'R 0 400 rand 900 3 -\nW 0 400 rand 300 4 fill:aa\nR 0 400 seq 400 1 -\n';
    const machine = {
      trace,
      memoryPages: 100,
      ramPages: 64,
      areas: [{ pages: 900 }],
      zswap: { enabled: true, maxPoolPercent: 2 },
    };
    const [bytes, none] = [
      await runSmall({ ...machine, payload: 'bytes' }),
      await runSmall({ ...machine, payload: 'none' }),
    ];
    expect(none.phases.map((phase) => phase.counters)).toEqual(
      bytes.phases.map((phase) => phase.counters),
    );
    expect(sum(bytes, 'zswpwb')).toBeGreaterThan(0);
  });

  it('counts the same whatever the device costs', async () => {
    const trace = 'pages 300\nW 0 300 seq 300 1 rand\nM 0 300 rand 900 3 -\n';
    const counted = async (profile: string): Promise<unknown> =>
      (await runSmall({ trace, memoryPages: 100, areas: [{ pages: 400, profile }] })).phases.map(
        (phase) => phase.counters,
      );
    expect(await counted('emmc')).toEqual(await counted('nvme'));
  });

  it('keeps pages of a sequential trace in sequential slots from slot 1 on', async () => {
    const trace = 'pages 600\nW 0 600 seq 600 1 rand\nR 0 600 seq 600 1 -\n';
    const result = await runSmall({ trace, memoryPages: 128, areas: [{ pages: 4000 }] });
    expect(result.slotRuns).toBeGreaterThan(0);
    // Pages that are in memory interrupt the runs, but each page has the slot of its number.
    for (const run of result.slots) expect(run.slot).toBe(run.page + 1);
  });

  it('fills clusters of areas of one priority in turn', async () => {
    const trace = 'pages 2500\nW 0 2500 seq 2500 1 rand\n';
    const result = await runSmall({
      trace,
      memoryPages: 128,
      areas: [
        { pages: 4096, priority: 3 },
        { pages: 4096, priority: 3 },
        { pages: 4096, priority: 1 },
      ],
    });
    // Each area is left when its cluster is full: 511 slots (the header takes one), then 512 each.
    expect(result.slots.slice(0, 4).map(({ type, length }) => [type, length])).toEqual([
      [0, 511],
      [1, 511],
      [0, 512],
      [1, 512],
    ]);
    expect(result.areas[2]!.usedPages).toBe(0);
  });

  it('lets the OOM killer end a task that swap cannot hold, and says so', async () => {
    const trace = 'pages 400\nW 0 400 seq 400 1 rand\n';
    const events: string[] = [];
    const machine = smallMachine({ trace, memoryPages: 100, areas: [{ pages: 50 }] });
    const result = await machine.run({
      onEvent: (_timeNs, kind, detail) => {
        events.push(`${kind}: ${detail}`);
      },
    });
    expect(result.killedTasks).toBe(1);
    expect(sum(result, 'oom_kill')).toBe(1);
    expect(events).toEqual(['kill: task 0 was killed']);
    expect(result.verify).toEqual({ pagesChecked: 400, mismatches: 0 });
  });
});

describe('a ghost area', () => {
  it('keeps what zswap refuses in memory and is never written to', async () => {
    const trace =
      'pages 200\nW 0 100 seq 100 1 mix:512\nW 100 40 seq 40 1 rand\nR 0 200 seq 200 1 -\n';
    const result = await runSmall({
      trace,
      memoryPages: 100,
      areas: [{ pages: 500, ghost: true }],
      zswap: { enabled: true, maxPoolPercent: 50 },
    });
    expect(result.verify.mismatches).toBe(0);
    expect(result.killedTasks).toBe(0);
    expect(result.areas[0]!.refused).toBeGreaterThan(0);
    expect(sum(result, 'zswap.reject_compress_fail')).toBe(result.areas[0]!.refused);
    expect(sum(result, 'pswpout')).toBe(0);
    expect(result.areas[0]).toMatchObject({ writtenBack: 0, pagesWritten: 0 });
  });
});

describe('a task that shares pages with its child', () => {
  it('has its own content whatever the child writes', async () => {
    const trace =
      'pages 200\nW 0 200 seq 200 1 rand\nFW 0 200 seq 200 1 zero\nFM 0 200 rand 300 5 -\n' +
      'M 0 200 rand 300 6 -\nFR 0 200 seq 200 1 -\n';
    const result = await runSmall({ trace, memoryPages: 100, areas: [{ pages: 800 }] });
    expect(result.verify).toEqual({ pagesChecked: 200, mismatches: 0 });
    expect(result.phases[1]!.counters['cowCopy']).toBeGreaterThan(0);
  });
});

describe('a page that was never written', () => {
  it('reads as zeros and takes no memory', async () => {
    const trace = 'pages 5000\nR 0 5000 seq 5000 1 -\n';
    const result = await runSmall({ trace, memoryPages: 100, areas: [{ pages: 50 }] });
    expect(result.verify).toEqual({ pagesChecked: 5000, mismatches: 0 });
    expect(result.phases[0]!).toMatchObject({ present: 5000, swapped: 0 });
    expect(sum(result, 'frameAlloc')).toBe(0);
  });
});

describe('a page of zeros', () => {
  it('is swapped without I/O and without zswap', async () => {
    const trace = 'pages 300\nW 0 300 seq 300 1 zero\nR 0 300 seq 300 1 -\n';
    const result = await runSmall({
      trace,
      memoryPages: 100,
      areas: [{ pages: 400 }],
      zswap: { enabled: true },
    });
    expect(sum(result, 'swpout_zero')).toBeGreaterThan(200);
    expect(sum(result, 'swpin_zero')).toBeGreaterThan(200);
    expect(sum(result, 'pswpout') + sum(result, 'zswpout')).toBe(0);
  });
});

describe('a page that is dropped', () => {
  it('gives its slot back and is zeros afterwards', async () => {
    const trace = 'pages 300\nW 0 300 seq 300 1 rand\nD 0 300 seq 300 1 -\n';
    const machine = smallMachine({ trace, memoryPages: 100, areas: [{ pages: 400 }] });
    const result = await machine.run();
    expect(result.phases[0]!.swapped).toBeGreaterThan(200);
    expect(result.phases[1]!).toMatchObject({ present: 0, swapped: 0 });
    expect(result.areas[0]!.usedPages).toBe(0);
    expect(result.verify.mismatches).toBe(0);
  });
});
