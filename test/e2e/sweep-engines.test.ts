/** A plan through the script and the manifest for clusters, without a cluster. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { command as device } from '../../cli/device/index.ts';
import { command } from '../../cli/sweep/index.ts';
import { Workplace } from './swaplab.ts';

const place = new Workplace();
afterAll(() => {
  place.remove();
});

const silent = {
  ...{ stdout: () => undefined, stderr: () => undefined },
  ...{ databasePath: place.path('one.db'), env: {} },
};

/** A command in this process. @returns what it wrote to stdout */
async function sweep(...argv: readonly string[]): Promise<string> {
  let stdout = '';
  const io = { ...silent, stdout: (text: string) => void (stdout += text) };
  expect(await command.run(argv, io)).toBe(0);
  return stdout;
}

const folder = place.path("an 'odd' place");
const plan = join(folder, 'plan.ndjson');

beforeAll(async () => {
  mkdirSync(folder);
  const spec = {
    areas: [{ size: '8M' }],
    machine: { memory: '1M' },
    workload: { name: 'usemem', arguments: ['-n', '1', '2M'] },
  };
  const text = JSON.stringify({ name: 'small', spec, seeds: { from: 1, count: 4 } });
  await sweep('plan', place.write('small.json', text), '-o', plan);
});

describe('the batch script of a plan', () => {
  const script = join(folder, 'sweep.sbatch');
  const bash = (env: Readonly<Record<string, string>>, ...words: readonly string[]): string => {
    const { status, stdout, stderr } = spawnSync('bash', [script, ...words], {
      ...{ encoding: 'utf8', cwd: '/', timeout: 60_000 },
      env: { PATH: process.env['PATH'], HOME: place.folder, ...env },
    });
    expect(status, stderr).toBe(0);
    return stdout;
  };

  beforeAll(() => {
    const written = place.swaplab(
      ...['sweep', 'slurm', '--plan', plan, '--shards', '2', '-o', script, '--throttle', '1'],
      ...['--option', '--qos=low', '--partition', 'short'],
    );
    expect(written.code, written.stderr).toBe(0);
  });

  it('runs a shard for each task and merges to what one process has', async () => {
    bash({ SLURM_ARRAY_TASK_ID: '1' });
    const told = bash({ SLURM_ARRAY_TASK_ID: '2' });
    expect(told).toMatch(/^small, shard 2 of 2: 2 runs: 2 done, in .*\/shard-2-of-2\.db\n$/);
    const merged = bash({}, 'merge');
    expect(merged).toContain('\ncomplete\n');
    await sweep('run', '--plan', plan);
    const one = await sweep('merge', place.path('one.db'), '--plan', plan);
    const hash = /^content hash \w{64}$/m;
    expect(hash.exec(merged)?.[0]).toBe(hash.exec(one)![0]);
  });

  it('says how far the shards are', () => {
    expect(bash({}, 'status')).toBe('small: 4 runs: 4 done\ncomplete\n');
  });

  it('has the options of sbatch', () => {
    const text = readFileSync(script, 'utf8');
    expect(text).toContain('\n#SBATCH --array=1-2%1\n');
    expect(text).toContain('\n#SBATCH --partition=short\n#SBATCH --qos=low\n');
  });
});

describe('the manifest of a plan', () => {
  it('is made for the runs of the plan', async () => {
    const options = ['--plan', plan, '--shards', '4', '--image', 'example/swaplab:1'];
    const text = await sweep('kubernetes', ...options, '--parallelism', '2', '--memory', '512Mi');
    expect(text).toMatch(/^# 4 runs in 4 shards: /);
    expect(text).toContain('\n  completions: 4\n  parallelism: 2\n');
    expect(await sweep('kubernetes', ...options, '--merge')).toContain('"swaplab-small-merge"');
  });

  it('has a command that runs the shard of a pod', async () => {
    const options = ['--plan', plan, '--shards', '4', '--image', 'example/swaplab:1'];
    const line = /command: (\[.*\])/.exec(await sweep('kubernetes', ...options));
    const [, , script] = JSON.parse(line![1]!) as [string, string, string];
    // What kubectl makes a pod of is tried here without one: its volume, and swaplab on its PATH.
    const called = script.replaceAll('/sweep/', `${place.folder}/pod-`);
    const shim = `swaplab() { '${process.execPath}' '${resolve('dist/cli/main.js')}' "$@"; }\n`;
    const { status, stdout, stderr } = spawnSync('sh', ['-c', shim + called.replace('exec ', '')], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], PLAN: plan, JOB_COMPLETION_INDEX: '3' },
    });
    expect(status, stderr).toBe(0);
    expect(stdout).toContain('small, shard 4 of 4: 1 runs: 1 done, in');
    expect(stdout).toContain('pod-shard-4-of-4.db');
  });
});

describe('a plan over devices', () => {
  it('holds the profiles of files themselves: the nodes have no such files', async () => {
    const fio = ['--from', 'fixtures/fio/disk.json', '-o', place.path('laptop.json')];
    await device.run(['profile', '-q', ...fio], silent);
    const spec = {
      areas: [{ size: '8M' }],
      workload: { name: 'usemem', arguments: ['-n', '1', '2M'] },
    };
    const grid = { device: ['nvme', place.path('laptop.json')] };
    const text = JSON.stringify({ name: 'devices', spec, grid });
    const lines = (await sweep('plan', place.write('devices.json', text))).trim().split('\n');
    const sets = lines.slice(1).map((line) => (JSON.parse(line) as { readonly set: unknown }).set);
    expect(sets).toMatchObject([{ device: 'nvme' }, { device: { name: 'laptop' } }]);
  });
});

describe('what clusters do not take', () => {
  const slurm = ['slurm', '--plan', plan, '--shards'];
  const kubernetes = ['kubernetes', '--plan', plan, '--image', 'x', '--shards'];
  const wrong: [string[], RegExp][] = [
    [[...slurm, '5'], /--shards: 5 for 4 runs; accepted: 1 to 4/],
    [[...slurm, '0'], /--shards: 0 for 4 runs/],
    [[...slurm, 'x'], /--shards: 'x' is no number/],
    [
      [...slurm, '4', '--max-array-size', '4'],
      /below MaxArraySize, 4; accepted: up to 3, or --max/,
    ],
    [[...slurm, '2', '--throttle', '0'], /--throttle: 0 tasks at a time/],
    [[...slurm, '2', '--option', 'qos'], /'qos' is no option of sbatch/],
    [[...slurm, '2', '--folder', plan], /--folder: .*plan\.ndjson is no folder, .*: EEXIST/],
    [[...slurm, '2', '--folder', '/proc/xx/y'], /--folder: \/proc\/xx\/y is no folder, .*: ENOENT/],
    [[...slurm, '2', '--folder', 'not-made', '-o', '/proc/xx'], /--output: \/proc\/xx cannot be/],
    [['slurm', '--shards', '2', '--plan', '/nowhere'], /--plan: \/nowhere cannot be read/],
    [[...kubernetes, '9'], /--shards: 9 for 4 runs/],
    [[...kubernetes, '2', '--parallelism', '3'], /--parallelism: 3 pods; accepted: 1 to 2/],
    [[...kubernetes, '2', '--memory', 'lots'], /--memory: 'lots' is not accepted; .*2Gi/],
    [[...kubernetes, '2', '--claim', 'A b'], /--claim: 'A b' is not accepted/],
    [[...kubernetes, '2', '--claim', 'a..b'], /--claim: 'a\.\.b' is not accepted/],
    [[...kubernetes, '2', '--namespace', 'a.b'], /--namespace: 'a\.b' is not accepted/],
    [[...kubernetes, '2', '--namespace', 'a'.repeat(64)], /--namespace: 'a+' is not.* up to 63/],
    [['kubernetes', '--plan', plan, '--shards', '2', '--image', 'a b'], /--image: 'a b' is not/],
  ];
  it('leaves no folder where the script cannot be written', () => {
    expect(existsSync('not-made')).toBe(false);
  });

  it.each(wrong)('is refused with what is accepted: %j', async (argv, message) => {
    await expect(sweep(...argv)).rejects.toThrow(message);
  });
});
