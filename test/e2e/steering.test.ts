import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ended, untilSaid, Workplace, type Outcome } from './swaplab.ts';

let place: Workplace;
const children: ChildProcessWithoutNullStreams[] = [];

beforeEach(() => {
  place = new Workplace();
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    child.kill('SIGKILL');
    await ended(child);
  }
  place.remove();
});

/** 300 pages swapped out of a memory of 64, then a pause, then every page is read. */
const TRACE = 'pages 300\nW 0 300 seq 300 1 rand\npause\nR 0 300 seq 300 1 -\n';

function area(name: string): string {
  return place.makeArea(name, '4M');
}

function start(...args: string[]): ChildProcessWithoutNullStreams {
  const child = place.start(...args);
  children.push(child);
  return child;
}

/** A run that stands at its trace's pause. */
async function pausedRun(
  trace: string,
  ...args: string[]
): Promise<ChildProcessWithoutNullStreams> {
  const file = place.write('a.trace', trace);
  const run = start('run', '--trace', file, '--memory', '256K', ...args);
  await untilSaid(run, 'press Enter');
  return run;
}

async function finished(run: ChildProcessWithoutNullStreams): Promise<number | null> {
  run.stdin.end('\n');
  return await ended(run);
}

/** In this process: a start of the program costs more than all else here. */
function query(sql: string): unknown[] {
  const database = new Database(place.database, { readonly: true });
  try {
    return database.prepare(sql).all();
  } finally {
    database.close();
  }
}

function usedPages(path: string): number | null {
  const rows = query('SELECT path, used_pages AS used FROM active_area');
  return (rows as { path: string; used: number }[]).find((row) => row.path === path)?.used ?? null;
}

function digest(): unknown {
  return query('SELECT digest FROM run ORDER BY run_id DESC LIMIT 1')[0];
}

const SILENT: Outcome = { code: 0, stdout: '', stderr: '' };

describe('a live run in a second terminal', { timeout: 60_000 }, () => {
  it('shows its use, gives an area up, and takes it back', async () => {
    const [a, b] = [area('a.swap'), area('b.swap')];
    const run = await pausedRun(TRACE, '--area', `${a},prio=5`, '--area', `${b},prio=1`);
    const shown = place.swaplab('swapon', '--show=NAME,USED', '--bytes', '--noheadings').stdout;
    expect(shown).toMatch(new RegExp(`^${a} +${240 * 4096 + 5 * 4096}\n${b} +0\n$`));

    expect(place.swaplab('swapoff', a)).toEqual(SILENT);
    expect(usedPages(a)).toBeNull();
    expect(place.swaplab('swapoff', a)).toMatchObject({
      code: 4,
      stderr: `swapoff: ${a}: swapoff failed: Invalid argument\n`,
    });
    expect(place.swaplab('swapon', '-p', '9', a)).toEqual({
      ...{ code: 0, stdout: '', stderr: `swapon: ${a}: given to run 1, which is live\n` },
    });
    expect(usedPages(a)).toBe(0);
    expect(await finished(run)).toBe(0);
    expect(query('SELECT action, area, operation, phase_index, outcome FROM steering')).toEqual([
      { action: 'swapoff', area: a, operation: 300, phase_index: 1, outcome: 'ok' },
      { action: 'swapon', area: a, operation: 300, phase_index: 1, outcome: 'ok' },
    ]);
    const { steering, events } = JSON.parse(
      place.swaplab('runs', 'show', '1', '--json').stdout,
    ) as { steering: unknown[]; events: { kind: string }[] };
    expect(steering).toHaveLength(2);
    expect(events.map(({ kind }) => kind)).toEqual(['steering', 'steering']);
    // What swapon has made active stays so after the run, with its priority.
    expect(query('SELECT path, priority, owner_pid FROM active_area')).toEqual([
      { path: a, priority: 9, owner_pid: null },
    ]);
  });

  it('takes an area that it did not begin with', async () => {
    const [a, b] = [area('a.swap'), area('b.swap')];
    const run = await pausedRun(TRACE, '--area', a);
    expect(place.swaplab('swapon', b).code).toBe(0);
    // Its pages go to the new one.
    expect(place.swaplab('swapoff', a)).toEqual(SILENT);
    await expect.poll(() => usedPages(b), { timeout: 5000 }).toBeGreaterThan(200);
    expect(await finished(run)).toBe(0);
    const written = query(
      "SELECT value FROM area_counter WHERE name = 'pagesWritten' AND type = 1",
    );
    expect(written).toEqual([{ value: expect.any(Number) as number }]);
    expect((written as { value: number }[])[0]!.value).toBeGreaterThan(200);
  });

  it('says in the words of util-linux that memory lacks, and keeps the area', async () => {
    const a = area('a.swap');
    const run = await pausedRun(TRACE, '--area', a);
    expect(place.swaplab('swapoff', a)).toEqual({
      code: 2,
      stdout: '',
      stderr: `swapoff: ${a}: swapoff failed: Cannot allocate memory\n`,
    });
    expect(usedPages(a)).toBeGreaterThan(200);
    expect(await finished(run)).toBe(0);
    expect(query('SELECT outcome FROM steering')).toEqual([{ outcome: 'ENOMEM' }]);
  });

  it('is left alone with --run none', async () => {
    const [a, b] = [area('a.swap'), area('b.swap')];
    const run = await pausedRun(TRACE, '--area', a);
    expect(place.swaplab('swapoff', '--run', 'none', a)).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('Device or resource busy') as string,
    });
    expect(place.swaplab('swapon', '--run', 'none', b)).toEqual(SILENT);
    expect(place.swaplab('swapon', '--run', '77', b).stderr).toMatch(/already|busy/i);
    expect(query('SELECT path, owner_pid IS NULL AS is_free FROM active_area')).toEqual([
      { path: a, is_free: 0 },
      { path: b, is_free: 1 },
    ]);
    expect(await finished(run)).toBe(0);
    expect(query('SELECT * FROM steering')).toEqual([]);
  });

  it('is as the same run unsteered until the first request', async () => {
    const [a, b] = [area('a.swap'), area('b.swap')];
    const digests = [];
    for (const steered of [false, false, true]) {
      const run = await pausedRun(TRACE, '--area', a, '--area', b);
      if (steered) expect(place.swaplab('swapoff', b)).toEqual(SILENT);
      expect(await finished(run)).toBe(0);
      digests.push(digest());
    }
    expect(digests[1]).toEqual(digests[0]);
    expect(digests[2]).not.toEqual(digests[0]);
  });
});

describe('a request to a live run', { timeout: 60_000 }, () => {
  it('is withdrawn with its asker, and one to a dead run is done without it', async () => {
    const a = area('a.swap');
    const run = await pausedRun(TRACE, '--area', a);
    // It stands still: nobody takes the request.
    run.kill('SIGSTOP');
    const asker = start('swapoff', '-v', a);
    await untilSaid(asker, 'asking run 1');
    await untilAsked(1);
    asker.kill('SIGINT');
    await ended(asker);
    run.kill('SIGCONT');
    await untilAsked(0);
    expect(query('SELECT status, outcome FROM steering')).toEqual([
      { status: 'withdrawn', outcome: null },
    ]);
    await expect.poll(() => usedPages(a), { timeout: 20_000 }).toBeGreaterThan(200);

    run.kill('SIGSTOP');
    const other = start('swapoff', '-v', a);
    await untilSaid(other, 'asking run 1');
    await untilAsked(1);
    run.kill('SIGKILL');
    expect(await ended(other)).toBe(0);
    expect(usedPages(a)).toBeNull();
  });
});

/** Waits until so many requests are open. */
async function untilAsked(count: number): Promise<void> {
  for (;;) {
    const rows = query("SELECT count(*) AS n FROM steering WHERE status = 'asked'");
    if ((rows as { n: number }[])[0]!.n === count) return;
    await sleep(20);
  }
}

describe('runs show --follow', { timeout: 60_000 }, () => {
  it('tells what a run does until it ends, and ends as it does', async () => {
    // A second of work at least behind the pause: intervals are a second apart.
    const run = await pausedRun(
      'pages 300\nW 0 300 seq 300 1 rand\npause\nR 0 300 seq 300 1 -\n',
      ...['--area', area('a.swap')],
    );
    const follower = start('runs', 'show', 'last', '--follow');
    let said = '';
    follower.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    while (!said.includes('operations')) await once(follower.stdout, 'data');
    expect(await finished(run)).toBe(0);
    expect(await ended(follower)).toBe(0);
    const lines = said.trimEnd().split('\n');
    expect(lines[0]).toMatch(
      /^run 1 \| \d+\.\d s \| 300 operations \| [\d,]+\/s \| 0\.\d+ s virtual \| .*a\.swap 2\d\d pages$/,
    );
    expect(lines.at(-1)).toMatch(/^run 1 \| done \| 300 pages compared, 0 wrong \| .* digest \w+$/);
  });

  it('notices that the run was killed', async () => {
    const run = await pausedRun(TRACE, '--area', area('a.swap'));
    const follower = start('runs', 'show', '1', '--follow');
    let said = '';
    follower.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    run.kill('SIGKILL');
    expect(await ended(follower)).toBe(1);
    expect(said).toMatch(/run 1 \| aborted: process \d+ ended without finishing the run/);
  });
});
