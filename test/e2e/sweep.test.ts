import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import Database from 'better-sqlite3';
import { arraySpecification, dealLines, parsePlan } from '../../src/sweep/index.ts';
import { ended, Workplace, type Outcome } from './swaplab.ts';

const place = new Workplace();
const hasParallel = spawnSync('parallel', ['--version'], { encoding: 'utf8' }).status === 0;
const sweep = (...args: readonly string[]): Outcome => place.swaplab('sweep', ...args);
const db = (name: string): string => place.path(name);
/** The hash of the plan's runs in a database. */
const hashIn = (...names: readonly string[]): { contentHash: string; done: number } => {
  const args = ['--plan', 'plan.ndjson', '-o', db('hashes.db'), '--json'];
  const { code, stdout, stderr } = sweep('merge', ...names, ...args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as { contentHash: string; done: number };
};

let whole = '';

/** `ssh HOST COMMAND` to this machine. */
const SSH_STAND_IN = `#!/bin/sh
while [ $# -gt 0 ]; do
  case $1 in
    -l) shift 2 ;;
    -*) shift ;;
    *) break ;;
  esac
done
shift
[ "$1" = -- ] && shift
cd "$HOME" && exec sh -c "$*"
`;

/** Eight runs, all of them in one.db by one process. */
beforeAll(() => {
  place.write('work.trace', 'pages 512\nW 0 512 seq 512 1 spread\nR 0 512 rand 512 7 -\n');
  const spec = { areas: [{ size: '4M' }], machine: { ram: '4M', memory: '1M' } };
  const grid = { 'zswap.enabled': [false, true], design: ['swap-table', 'vswap:v5'] };
  const sweepSpec = { name: 'tiny', spec, trace: 'work.trace', grid, seeds: { count: 2 } };
  place.write('tiny.json', JSON.stringify(sweepSpec));
  const planned = sweep('plan', 'tiny.json', '-o', 'plan.ndjson');
  expect(planned.stderr).toMatch(/^plan: 8 runs: zswap\.enabled \(2\), design \(2\), seed \(2\)$/m);
  expect(sweep('run', '--plan', 'plan.ndjson', '--db', 'one.db')).toMatchObject({
    ...{ code: 0, stdout: 'tiny: 8 runs: 8 done, in one.db\n' },
  });
  const merged = hashIn('one.db');
  expect(merged.done).toBe(8);
  whole = merged.contentHash;
}, 60_000);

afterAll(() => {
  place.remove();
});

describe('swaplab sweep', () => {
  it('comes to the same content in three shards, one of them killed and resumed', async () => {
    const shard = (k: number): string[] => ['--plan', 'plan.ndjson', '--db', `third-${k}.db`];
    const child = place.start('sweep', 'run', ...shard(1), '--shard', '1/3', '--ndjson');
    await new Promise((resolve) => child.stdout.once('data', resolve));
    child.kill('SIGKILL');
    await ended(child);
    const status = sweep('status', '--plan', 'plan.ndjson', '--shards', '3', 'third-1.db');
    expect(status.code).toBe(1);
    expect(status.stdout).toMatch(/^tiny: 8 runs: [12] done, .*\d+ missing$/m);
    expect(status.stdout).toMatch(/^shards: --array=1-3$/m);
    // What was killed in the midst of a run is merged as it is, before it is gone on with.
    const early = sweep('merge', 'third-1.db', '--plan', 'plan.ndjson', '-o', 'thirds.db');
    expect(early.stdout).toMatch(/^missing: /m);
    const again = sweep('run', ...shard(1), '--shard', '1/3');
    expect(again.stdout).toMatch(/^tiny, shard 1 of 3: 3 runs: [12] done, [12] were there already/);
    const tasks = new Workplace({ SLURM_ARRAY_TASK_ID: '2' });
    const task = ['sweep', 'run', '--plan', place.path('plan.ndjson'), '--shards', '3'];
    expect(tasks.swaplab(...task, '--db', db('third-2.db')).code).toBe(0);
    tasks.remove();
    const index = new Workplace({ JOB_COMPLETION_INDEX: '2' });
    expect(index.swaplab(...task, '--db', db('third-3.db')).code).toBe(0);
    index.remove();
    const files = [1, 2, 3].map((k) => `third-${k}.db`);
    const merge = ['merge', ...files, 'thirds.db', '--plan', 'plan.ndjson', '-o', 'thirds.db'];
    expect(sweep(...merge)).toMatchObject({
      ...{ code: 0, stdout: expect.stringContaining(`content hash ${whole}\n`) },
    });
    const twice = sweep(...merge);
    expect(twice.stdout).toMatch(/third-3\.db: 0 added, 2 were here already$/m);
    expect(twice.stdout).toContain(`8 of 8 of tiny runs are done in thirds.db`);
    expect(sweep('status', '--plan', 'plan.ndjson', 'thirds.db')).toMatchObject({
      ...{ code: 0, stdout: 'tiny: 8 runs: 8 done\ncomplete\n' },
    });
  });

  it('goes on where eight shards in processes were interrupted, and tidies up', async () => {
    const args = ['--plan', 'plan.ndjson', '--jobs', '4', '--engine', 'processes'];
    const child = place.start('sweep', 'run', ...args, '--db', 'eight.db', '--ndjson');
    await new Promise((resolve) => child.stdout.once('data', resolve));
    child.kill('SIGTERM');
    expect(await ended(child)).toBe(130);
    expect(existsSync(db('plan.ndjson.shards/plan.ndjson'))).toBe(true);
    const again = sweep('run', ...args, '--db', 'eight.db', '--json');
    expect(again).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(again.stdout)).toMatchObject({ done: 8, missing: '', contentHash: whole });
    expect(existsSync(db('plan.ndjson.shards'))).toBe(false);
  });

  it.skipIf(!hasParallel)('comes to the same content over GNU parallel', () => {
    const args = ['--plan', 'plan.ndjson', '--jobs', '2', '--engine', 'parallel', '--keep'];
    const odd = db("a {.} 'b' $c");
    const outcome = sweep('run', ...args, '--db', 'parallel.db', '--work', odd);
    expect(outcome).toMatchObject({
      ...{ code: 0, stderr: '', stdout: expect.stringContaining(`content hash ${whole}\n`) },
    });
    expect(readFileSync(`${odd}/joblog`, 'utf8').trim().split('\n')).toHaveLength(1 + 4);
  });

  it.skipIf(!hasParallel || spawnSync('rsync', ['--version']).status !== 0)(
    'runs shards on this host and on one that shares its files',
    () => {
      place.write('ssh', SSH_STAND_IN);
      chmodSync(db('ssh'), 0o755);
      const command = `'${process.execPath}' '${resolve('dist/cli/main.js')}'`;
      const hosts = ['--sshlogin', `${db('ssh')} there`, '--sshlogin', ':', '--command', command];
      // A folder that parallel left when it was ended before the first shard.
      mkdirSync(db('hosts'));
      place.write('hosts/joblog', 'Seq\n');
      const shared = new Workplace({ HOME: place.folder });
      const run = ['sweep', 'run', '--plan', db('plan.ndjson'), '--jobs', '1', ...hosts];
      const outcome = shared.swaplab(...run, '--work', db('hosts'), '--keep', '--json');
      shared.remove();
      expect(outcome).toMatchObject({ code: 0, stderr: '' });
      expect(JSON.parse(outcome.stdout)).toMatchObject({ done: 8, contentHash: whole });
      const left = readdirSync(db('hosts')).filter((name) => !/-(wal|shm)$/.test(name));
      const shards = [1, 2, 3, 4].map((k) => `shard-${k}-of-4.db`);
      expect(left).toEqual(['joblog', 'lock', 'plan.ndjson', ...shards]);
      const jobs = readFileSync(db('hosts/joblog'), 'utf8').trim().split('\n').slice(1);
      const ranOn = new Set(jobs.map((row) => row.split('\t')[1]));
      expect(ranOn).toEqual(new Set([':', `${db('ssh')} there`]));
      expect(readdirSync(place.folder).filter((name) => name.startsWith('swaplab-'))).toEqual([]);
    },
  );

  it('refuses the same run with other numbers, naming both', () => {
    expect(sweep('merge', 'one.db', '-o', 'wrong.db').code).toBe(0);
    const wrong = new Database(db('wrong.db'));
    wrong.exec("UPDATE metric SET value = value + 1 WHERE run_id = 5 AND name = 'pswpout'");
    wrong.close();
    const merge = sweep('merge', 'wrong.db', '--plan', 'plan.ndjson', '-o', 'one.db');
    expect(merge).toMatchObject({ code: 3, stdout: '' });
    expect(merge.stderr).toMatch(
      /run 5 of \S+wrong\.db and run 5 of \S*one\.db .* metrics\.pswpout is \d+ and \d+: one of them/,
    );
    expect(place.swaplab('--db', 'one.db', 'runs', 'merge', 'wrong.db')).toMatchObject({
      ...{ code: 3, stderr: expect.stringMatching(/metrics\.pswpout is/) },
    });
  });

  it('says which runs failed, runs the others, and tries those again', () => {
    place.write(
      'kill.json',
      JSON.stringify({
        ...{ name: 'kill', spec: { machine: { memory: '1M' } }, trace: 'work.trace' },
        list: [{ areas: [{ size: '4M' }] }, { areas: [{ size: 4096 }] }],
      }),
    );
    expect(sweep('plan', 'kill.json', '-o', 'kill.ndjson').code).toBe(0);
    const run = (): Outcome => sweep('run', '--plan', 'kill.ndjson', '--db', 'kill.db');
    expect(run()).toMatchObject({
      ...{ code: 1, stdout: 'kill: 2 runs: 1 done, 1 failed, in kill.db\n' },
      stderr: expect.stringMatching(/^swaplab: sweep: run 2 \(areas=.*\) failed: swap size '4096'/),
    });
    expect(run().stdout).toBe('kill: 2 runs: 0 done, 1 were there already, 1 failed, in kill.db\n');
    const status = sweep('status', '--plan', 'kill.ndjson', 'kill.db', '--json');
    expect(JSON.parse(status.stdout)).toMatchObject({
      ...{ isComplete: false, array: '2', counts: { done: 1, failed: 1 } },
    });
  });

  it('deals lines to shards as --array of the status tells', () => {
    const { lines } = parsePlan(readFileSync(db('plan.ndjson'), 'utf8'), 'plan.ndjson');
    const first = dealLines(lines, 3)[0]!.map(({ index }) => index);
    const { stdout } = sweep('status', '--plan', 'plan.ndjson', '--db', db('third-1.db'), '--json');
    const others = lines.map(({ index }) => index).filter((index) => !first.includes(index));
    expect(JSON.parse(stdout)).toMatchObject({ array: arraySpecification(others) });
  });
});
