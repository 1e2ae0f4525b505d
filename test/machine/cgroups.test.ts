import { describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import { parseSpec, type RunSpec } from '../../src/machine/index.ts';
import { resolveCgroups } from '../../src/machine/cgroups.ts';
import { UsageError } from '../../src/units/index.ts';
import { runSmall, smallMachine, sum, type SmallMachine } from './support.ts';

const workload = { trace: 'pages 1\nR 0 1 seq 1 1 -' };

function spec(machine: unknown): RunSpec {
  return parseSpec({ workload, machine }, 'test');
}

/** Task 0 needs more than its cgroup has, task 1 just fits. */
const TRACE = `pages 400
shmem 40
W 0 300 seq 300 1 mix:1024
task other
W 0 150 seq 150 1 fill:aa
R 400 40 rand 60 2 -
task main
W 400 40 seq 40 1 fill:21
R 0 300 rand 900 3 -
task other
M 0 150 rand 200 4 -
`;

const TWO: SmallMachine = {
  trace: TRACE,
  cgroups: [
    { name: 'small', pages: 128, tasks: [0] },
    { name: 'large', pages: 256, tasks: [1] },
  ],
  areas: [{ pages: 800 }],
  zswap: { enabled: true, maxPoolPercent: 5 },
  ramPages: 1024,
};

describe('the cgroups of a spec', () => {
  it('are one of all tasks unless it names several', () => {
    const { machine } = spec({ memory: '1M', zswapMax: '64K', zswapWriteback: false });
    expect(resolveCgroups(machine, 3)).toEqual([
      {
        id: 1,
        name: 'all',
        limitPages: 256,
        reservedPages: 0,
        filePages: 0,
        tasks: [0, 1, 2],
        zswapMaxBytes: 65536,
        zswapWriteback: false,
      },
    ]);
  });

  it('have ids in their order, and no limit in zswap unless they say so', () => {
    const { machine } = spec({
      cgroups: [
        { name: 'a', memory: '1M', tasks: [1], zswapMax: 'max' },
        { name: 'b', memory: '2M', tasks: [0], zswapMax: 8192, zswapWriteback: false },
        { name: 'c', memory: '4M', tasks: [] },
      ],
    });
    const cgroups = resolveCgroups(machine, 2);
    expect(cgroups.map(({ id, limitPages }) => [id, limitPages])).toEqual([
      [1, 256],
      [2, 512],
      [3, 1024],
    ]);
    expect(cgroups.map(({ zswapMaxBytes }) => zswapMaxBytes)).toEqual([Infinity, 8192, Infinity]);
    expect(cgroups.map(({ zswapWriteback }) => zswapWriteback)).toEqual([true, false, true]);
  });

  const a = { name: 'a', memory: '1M', tasks: [0] };
  const b = { name: 'b', memory: '1M', tasks: [1] };
  it.each([
    [{ cgroups: [a] }, /machine\.cgroups: task 1 is in none of them/],
    [{ cgroups: [a, { ...b, tasks: [0, 1] }] }, /cgroups\.1\.tasks: task 0 is in 'a' already/],
    [{ cgroups: [{ ...a, tasks: [0, 1, 1] }] }, /tasks: task 1 is in 'a' already/],
    [{ cgroups: [a, { ...b, tasks: [2] }] }, /there is no task 2: the workload has 2, from 0 on/],
    [{ cgroups: [a, { ...b, name: 'a' }] }, /cgroups\.1\.name: 'a' is the name of another/],
    [{ cgroups: [a, { ...b, memory: '128K' }] }, /cgroups\.1\.memory: .* less than 64 pages/],
    [{ cgroups: [a, { ...b, memory: 1000 }] }, /cgroups\.1\.memory: '1000' is no multiple/],
    [{ cgroups: [a, { ...b, zswapMax: 'much' }] }, /cgroups\.1\.zswapMax/],
    [{ cgroups: [a, b], memory: '8M' }, /machine\.memory: there is machine\.cgroups as well/],
    [{ cgroups: [a, b], zswapWriteback: false }, /machine\.zswapWriteback: .* in each of them/],
    [{ memory: '128K' }, /machine\.memory: .* less than 64 pages/],
  ])('are refused with the key and the task: %j', (machine, message) => {
    expect(() => resolveCgroups(spec(machine).machine, 2)).toThrow(UsageError);
    expect(() => resolveCgroups(spec(machine).machine, 2)).toThrow(message);
  });

  it('are refused by their form with the key', () => {
    expect(() => spec({ cgroups: [] })).toThrow(/machine\.cgroups: \[\] is not accepted/);
    expect(() => spec({ cgroups: [{ ...a, tasks: [-1] }] })).toThrow(/cgroups\.0\.tasks\.0: -1/);
    expect(() => spec({ cgroups: [{ ...a, swap: 1 }] })).toThrow(/unknown key 'swap'/);
  });
});

describe('a machine of two cgroups', () => {
  it('keeps each within its limit, and sends out pages of the one that is full only', async () => {
    const machine = smallMachine(TWO);
    const [, other] = machine.spaces();
    const phases = await machine.runUntil({ first: -1, afterOperation: () => 'stop' });
    expect(phases.length).toBe(6);
    const [small, large] = machine.memory.cgroups.all;
    expect(small!.usagePagesMax).toBe(128);
    expect(large!.usagePagesMax).toBeLessThanOrEqual(256);
    expect(large!.nonresidentAge).toBe(0);
    expect(other!.isAlive).toBe(false);
  });

  it('says what became of each', async () => {
    const result = await runSmall(TWO);
    expect(result.verify).toEqual({ pagesChecked: 880, mismatches: 0 });
    const [small, large] = result.cgroups;
    expect(small).toMatchObject({ name: 'small', limitPages: 128, memoryMaxPages: 128 });
    expect(small!.chargedPages).toBeGreaterThan(150);
    expect(large).toMatchObject({ name: 'large', limitPages: 256, chargedPages: 0 });
    expect([small!.killedTasks, large!.oomKills]).toEqual([0, 0]);
    expect(result.usage.chargedPages).toBe(small!.chargedPages);
    expect(result.memoryMaxPages).toBe(128 + large!.memoryMaxPages);
  });

  it('gives the same digest twice', async () => {
    const first = await runSmall(TWO);
    const second = await runSmall(TWO);
    expect(second.digest).toBe(first.digest);
    expect(second.cgroups).toEqual(first.cgroups);
  });

  it('counts each as if it were alone where they share nothing', async () => {
    // No zswap, no pages in common, and memory for all of the other's.
    const alone = 'pages 400\nW 0 400 seq 400 1 rand\nR 0 400 rand 900 3 -\n';
    const beside = `pages 400\ntask other\nW 0 100 seq 100 1 rand\ntask main\n${alone.slice(10)}`;
    const machine = { areas: [{ pages: 800 }] };
    const one = await runSmall({ ...machine, trace: alone, memoryPages: 128 });
    const two = await runSmall({
      ...machine,
      trace: beside,
      cgroups: [
        { name: 'a', pages: 128, tasks: [0] },
        { name: 'b', pages: 200, tasks: [1] },
      ],
    });
    const moves = (from: typeof one, phase: number): number[] =>
      ['pgfault', 'pgmajfault', 'pswpout', 'pswpin', 'workingset_refault_anon', 'swap_ra'].map(
        (name) => from.phases[phase]!.counters[name] ?? 0,
      );
    expect(moves(two, 2)).toEqual(moves(one, 1));
    expect(moves(two, 2)[1]).toBeGreaterThan(100);
  });

  it('kills in the cgroup that has no memory, and counts that there', async () => {
    const trace =
      'pages 400\nW 0 100 seq 100 1 rand\ntask other\nW 0 400 seq 400 1 rand\n' +
      'task main\nR 0 100 seq 100 1 -\n';
    const events: string[] = [];
    const machine = smallMachine({
      trace,
      cgroups: [
        { name: 'quiet', pages: 128, tasks: [0] },
        { name: 'greedy', pages: 100, tasks: [1] },
      ],
      areas: [{ pages: 50 }],
    });
    const result = await machine.run({
      onEvent: (_timeNs, kind, detail) => {
        events.push(`${kind}: ${detail}`);
      },
    });
    expect(events).toEqual(['kill: task 1 was killed']);
    expect(result.killedTasks).toBe(1);
    expect(result.cgroups.map(({ killedTasks }) => killedTasks)).toEqual([0, 1]);
    expect(result.cgroups.map(({ oomKills }) => oomKills)).toEqual([0, 1]);
    expect(sum(result, 'oom_kill')).toBe(1);
    expect(result.verify.mismatches).toBe(0);
  });

  it('notes a task that is killed by a fault of another in a page they share', async () => {
    // `other` fills its cgroup and all of swap, the file's pages among it; `main` asks for those.
    const trace = (pages: number): string =>
      `pages 400\nshmem 20\ntask other\nW 400 20 seq 20 1 rand\nW 0 ${pages} seq ${pages} 1 rand\n` +
      'task main\nR 400 20 seq 20 1 -\n';
    const run = async (pages: number): Promise<{ killed: number[]; events: string[] }> => {
      const events: string[] = [];
      const machine = smallMachine({
        trace: trace(pages),
        cgroups: [
          { name: 'asks', pages: 100, tasks: [0] },
          { name: 'full', pages: 100, tasks: [1] },
        ],
        areas: [{ pages: 50 }],
      });
      const result = await machine.run({
        onEvent: (_timeNs, kind, detail) => {
          events.push(`${kind}: ${detail}`);
        },
      });
      expect(result.verify.mismatches).toBe(0);
      return { killed: result.cgroups.map(({ killedTasks }) => killedTasks), events };
    };
    // Memory and swap hold 100 + 49 pages, one of them a page table.
    const full = 100 + 49 - 1 - 20;
    expect(await run(full - 1)).toEqual({ killed: [0, 0], events: [] });
    expect(await run(full)).toEqual({ killed: [0, 1], events: ['kill: task 1 was killed'] });
  });
});

describe('one cgroup', () => {
  it('is the same whether it is named or not', async () => {
    const machine = { trace: TRACE, areas: [{ pages: 800 }], zswap: { enabled: true } };
    const unnamed = await runSmall({ ...machine, memoryPages: 150 });
    const named = await runSmall({
      ...machine,
      cgroups: [{ name: 'x', pages: 150, tasks: [1, 0] }],
    });
    expect(named.digest).toBe(unnamed.digest);
    expect(named.cgroups).toEqual([{ ...unnamed.cgroups[0], name: 'x' }]);
  });
});

describe('several cgroups', () => {
  const line = fc
    .record({
      task: fc.constantFrom('main', 'b', 'c'),
      verb: fc.constantFrom('W', 'W', 'M', 'R', 'D'),
      first: fc.integer({ min: 0, max: 250 }),
      order: fc.constantFrom('seq', 'rand', 'hot'),
      draws: fc.integer({ min: 50, max: 500 }),
      seed: fc.integer({ min: 0, max: 99 }),
      content: fc.constantFrom('rand', 'mix:1024', 'zero', 'fill:5a'),
    })
    .map(({ task, verb, first, order, draws, seed, content }) => {
      const what = verb === 'W' ? content : '-';
      return `task ${task}\n${verb} ${first} ${300 - first} ${order} ${draws} ${seed} ${what}`;
    });

  it('give every page back within every limit, whatever the trace, the limits and the design', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { minLength: 3, maxLength: 8 }),
        fc.record({
          limits: fc.tuple(
            fc.integer({ min: 64, max: 200 }),
            fc.integer({ min: 64, max: 200 }),
            fc.integer({ min: 64, max: 200 }),
          ),
          design: fc.constantFrom('swap-table', 'swap-table-4', 'vswap', 'vswap-table', 'xarray'),
          profile: fc.constantFrom('nvme', 'hdd', 'zram'),
          enabled: fc.boolean(),
          areaPages: fc.constantFrom(300, 1500),
        }),
        async (lines, { limits, design, profile, enabled, areaPages }) => {
          const machine = smallMachine({
            trace: ['pages 280', 'shmem 20', 'task b', 'R 0 1 seq 1 1 -', 'task c', ...lines].join(
              '\n',
            ),
            payload: 'none',
            design,
            cgroups: limits.map((pages, task) => ({ name: `c${task}`, pages, tasks: [task] })),
            areas: [{ pages: areaPages, profile }],
            ramPages: 256,
            zswap: { enabled, maxPoolPercent: 20 },
          });
          const result = await machine.run();
          // run() itself asserts all invariants: each charge, each list, nothing left at the end.
          expect(result.verify.mismatches).toBe(0);
          for (const { memoryMaxPages, limitPages } of result.cgroups)
            expect(memoryMaxPages).toBeLessThanOrEqual(limitPages);
          for (const cgroup of machine.memory.cgroups.all) {
            cgroup.drainStock();
            expect(cgroup.usagePages).toBe(0);
          }
        },
      ),
      { numRuns: 40, seed: 20252, endOnFailure: true },
    );
  }, 60_000);
});
