import { describe, expect, it } from 'vitest';
import { runLines, type LineEnd } from '../../cli/sweep/run-lines.ts';
import { version } from '../../cli/version.ts';
import { makePlan, PlanSpecs, type Plan } from '../../src/sweep/index.ts';
import { runHeader, runOutcome, useWorkspace } from '../runs/support.ts';

const workspace = useWorkspace();
const trace = 'pages 64\nW 0 64 seq 64 1 rand\n';
const base = { areas: [{ size: '1M' }], workload: { trace, source: 't' } };
const plan = makePlan(
  { name: 'p', version, base },
  [{ seed: 1 }, { seed: 2 }, { areas: [{ size: 4096 }] }],
  () => undefined,
).plan;

/** Runs lines into a.db. */
function run(lines: Plan['lines'], onEnd: (end: LineEnd) => void): Promise<LineEnd[]> {
  const io = { stdout: () => undefined, stderr: () => undefined, env: {} };
  return runLines(
    {
      ...{ plan, lines, where: 'p.ndjson', isShard: false, title: 'p' },
      ...{ traces: new Map<string, string>(), command: '' },
    },
    { ...io, databasePath: workspace.path('a.db') },
    onEnd,
  );
}

describe('lines that another process has begun', () => {
  const lines = plan.lines.slice(0, 2);
  const header = runHeader({ planId: lines[0]!.id });

  it('are there already when that process has come to their end meanwhile', async () => {
    const writer = workspace.open('a.db').runs.begin(header);
    const ends = await run(lines, ({ index }) => {
      if (index === 2) writer.finish(runOutcome());
    });
    expect(ends).toMatchObject([
      { index: 1, status: 'known' },
      { index: 2, status: 'done' },
    ]);
  });

  it('are run when it has failed meanwhile, and left when it goes on', async () => {
    const writer = workspace.open('a.db').runs.begin(header);
    const first = await run(lines, () => undefined);
    expect(first).toMatchObject([
      { status: 'taken', reason: expect.stringMatching(/run by process/) },
      { status: 'done' },
    ]);
    writer.fail('no room');
    expect(await run(lines, () => undefined)).toMatchObject([
      { status: 'done' },
      { status: 'known' },
    ]);
  });
});

describe('a line that cannot begin', () => {
  it('is stored with why it failed the last time', async () => {
    const { runs } = workspace.open('a.db');
    const [line] = plan.lines.slice(2);
    expect(() => new PlanSpecs(plan, 'p.ndjson').get(line!)).not.toThrow();
    runs.begin(runHeader({ planId: line!.id })).fail('an older reason');
    expect(await run([line!], () => undefined)).toMatchObject([{ status: 'failed' }]);
    expect(runs.planned()).toMatchObject([
      { status: 'failed', exitReason: expect.stringMatching(/swap size '4096'/) },
    ]);
  });
});
