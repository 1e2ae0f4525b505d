import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json, RunSpec } from '../../src/machine/index.ts';
import {
  arraySpecification,
  dealLines,
  lineStates,
  makePlan,
  parsePlan,
  parseShard,
  PlanSpecs,
  planText,
  requireVersion,
  runIds,
  shardOfTask,
  taskVariable,
  type Plan,
  type Settings,
} from '../../src/sweep/index.ts';

const trace = 'pages 64\nW 0 64 seq 64 1 rand\n';
const base: Json = { areas: [{ size: '1M' }], workload: { trace, source: 't' } };
const make = (settings: readonly Settings[], from: Json = base): Plan =>
  makePlan({ name: 'p', version: '1', base: from }, settings, () => undefined).plan;
const seeds = (count: number): Settings[] =>
  Array.from({ length: count }, (_, seed) => ({ seed: seed + 1 }));

describe('a plan', () => {
  it('comes back from its text, with the spec of each line', () => {
    const plan = make([{ design: 'vswap', revision: 'v5' }, { 'zswap.maxPoolPercent': 7 }]);
    const read = parsePlan(planText(plan), 'p.ndjson');
    expect(read).toEqual(plan);
    const specs = new PlanSpecs(read, 'p.ndjson');
    expect(specs.get(read.lines[0]!)).toMatchObject({
      design: 'vswap',
      revision: 'v5',
      name: 'p/1',
    });
    expect(specs.get(read.lines[1]!)).toMatchObject({ design: 'swap-table', name: 'p/2' });
    expect(specs.get(read.lines[1]!).zswap.maxPoolPercent).toBe(7);
  });

  it('has the workload checked once, for each seed where it is named', () => {
    const checks = (from: Json): number => {
      let count = 0;
      makePlan({ name: 'p', version: '1', base: from }, seeds(3), () => count++);
      return count;
    };
    expect(checks(base)).toBe(1);
    expect(checks({ ...base, workload: { accesses: '/a', sha256: 'a'.repeat(64) } })).toBe(1);
    expect(checks({ ...base, workload: { name: 'usemem', arguments: ['1M'] } })).toBe(3);
  });

  it('has each run once', () => {
    const settings = [{ seed: 1 }, {}, { seed: 2 }];
    const made = makePlan({ name: 'p', version: '1', base }, settings, () => undefined);
    expect(made.duplicateCount).toBe(1);
    expect(made.plan.lines.map(({ set }) => set)).toEqual([{ seed: 1 }, { seed: 2 }]);
  });

  it('knows a run by all of its spec but the name, and by the version', () => {
    const [line] = make([{ 'machine.ram': '64M', 'machine.memory': '1M' }]).lines;
    const [other] = make([{ 'machine.memory': '1M' }], {
      workload: { source: 't', trace },
      ...{ machine: { ram: '64M' }, areas: [{ size: '1M' }], name: 'other' },
    }).lines;
    expect(other!.id).toBe(line!.id);
    const spec = new PlanSpecs(make([{}]), 'p').get(make([{}]).lines[0]!);
    const id = runIds('1')(spec);
    expect(runIds('2')(spec)).not.toBe(id);
    const changed: RunSpec[] = [
      { ...spec, seed: 2 },
      { ...spec, workload: { trace: `${trace}\n`, source: 't' } },
    ];
    for (const each of changed) expect(runIds('1')(each)).not.toBe(id);
    expect(runIds('1')({ ...spec, name: 'x' })).toBe(id);
  });

  it.each<[Settings, RegExp]>([
    [
      { 'zswap.maxPoolPercent': 200 },
      /run 1 \(zswap\.maxPoolPercent=200\): zswap\.maxPoolPercent: 200/,
    ],
    [
      { areas: [{ path: '/x.swap' }] },
      /areas: \/x\.swap is a file of one machine; accepted in a sweep/,
    ],
    [
      { 'workload.content': '/x.bin' },
      /workload\.content: \/x\.bin is a file of one machine.*traces without pages of a file/,
    ],
    [{ areas: [] }, /areas: without any those count that are active, on each machine others/],
  ])('refuses %j', (set, message) => {
    expect(() => make([set])).toThrow(message);
  });

  it.each<[string, (lines: string[]) => string[], RegExp]>([
    ['no JSON', ([head, ...rest]) => [head!, 'x', ...rest], /p: line 2 is no JSON/],
    [
      'another form',
      (lines) => ['{"plan":2}', ...lines.slice(1)],
      /p: line 1: plan: 2 is not accepted/,
    ],
    ['no runs', ([head]) => [head!], /p: its first line says 2 runs, 0 follow/],
    ['the end cut off', ([head, one]) => [head!, one!], /p: its first line says 2 runs, 1 follow/],
    [
      'a line twice',
      ([head, one]) => [head!, one!, one!.replace(':1', ':3')],
      /line 3: id: the run is in/,
    ],
    [
      'lines out of order',
      ([head, one, two]) => [head!, two!, one!],
      /line 3: index: 1 is not above/,
    ],
    [
      'an id that is none',
      ([head]) => [head!, '{"index":1,"id":"a","set":{}}'],
      /line 2: id: .* 64 hex/,
    ],
  ])('names the line of %s', (_, change, message) => {
    const text = change(
      planText(make(seeds(2)))
        .trimEnd()
        .split('\n'),
    ).join('\n');
    expect(() => parsePlan(text, 'p')).toThrow(message);
  });

  it('is refused when a line was changed, or another version made it', () => {
    const plan = parsePlan(planText(make(seeds(2))).replace('"seed":2', '"seed":3'), 'p');
    expect(() => new PlanSpecs(plan, 'p').get(plan.lines[1]!)).toThrow(/run 2: its id is not that/);
    expect(() => {
      requireVersion(plan, '2', 'p');
    }).toThrow(/p: made by swaplab 1, this is 2/);
  });
});

describe('shards', () => {
  it('have every line once, as many each, whatever their number', () => {
    const { lines } = make(seeds(50));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 70 }), (count) => {
        const shards = dealLines(lines, count);
        const all = shards.flat().sort((a, b) => a.index - b.index);
        expect(all).toEqual(lines);
        const sizes = shards.map((shard) => shard.length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
      { numRuns: 30 },
    );
  });

  it('are told by engines, from where these count', () => {
    expect(parseShard('3/8', '--shard')).toEqual({ number: 3, count: 8 });
    expect(shardOfTask({ SLURM_ARRAY_TASK_ID: '8' }, 8)).toEqual({ number: 8, count: 8 });
    expect(shardOfTask({ JOB_COMPLETION_INDEX: '0' }, 8)).toEqual({ number: 1, count: 8 });
    expect(shardOfTask({ PARALLEL_SEQ: '1' }, 8)).toEqual({ number: 1, count: 8 });
    expect(taskVariable({ PATH: 'x' })).toBeUndefined();
  });

  it.each<[() => unknown, RegExp]>([
    [() => parseShard('9/8', '--shard'), /--shard: there is no shard 9 of 8; accepted: 1 to 8/],
    [() => parseShard('0/8', '--shard'), /there is no shard 0 of 8/],
    [() => parseShard('3', '--shard'), /'3' is not K\/N, such as 3\/8/],
    [() => shardOfTask({}, 8), /which one of 8\? none of SLURM_ARRAY_TASK_ID, .* is set/],
    [
      () => shardOfTask({ JOB_COMPLETION_INDEX: '8' }, 8),
      /JOB_COMPLETION_INDEX: there is no shard 9/,
    ],
    [() => shardOfTask({ PARALLEL_SEQ: 'x' }, 8), /PARALLEL_SEQ is 'x', which is no number/],
    [
      () => shardOfTask({ PARALLEL_SEQ: '1', SLURM_ARRAY_TASK_ID: '1' }, 8),
      /SLURM_ARRAY_TASK_ID and PARALLEL_SEQ are set: which one counts/,
    ],
  ])('are refused where they are none (%#)', (read, message) => {
    expect(read).toThrow(message);
  });
});

describe('the status of a plan', () => {
  it('takes the best of several runs of a line', () => {
    const { lines } = make(seeds(3));
    const run = (at: number, status: 'done' | 'failed' | 'aborted') => ({
      ...{ planId: lines[at]!.id, status },
    });
    const runs = [run(0, 'done'), run(0, 'failed'), run(1, 'aborted'), run(1, 'failed')];
    expect(lineStates(lines, runs)).toEqual(['done', 'failed', 'missing']);
  });

  it('writes numbers as an array specification', () => {
    expect(arraySpecification([3, 7, 8, 9])).toBe('3,7-9');
    expect(arraySpecification([])).toBe('');
    expect(arraySpecification([1, 2, 4])).toBe('1-2,4');
  });
});
