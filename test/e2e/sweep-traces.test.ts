/** A sweep over an access trace: it is a file beside the plan, and elsewhere on each machine. */
import { mkdirSync, readFileSync, renameSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { command as importer } from '../../cli/import.ts';
import { command } from '../../cli/sweep/index.ts';
import { Workplace } from './swaplab.ts';

const place = new Workplace();
const quiet = {
  ...{ stdout: () => undefined, stderr: () => undefined },
  ...{ databasePath: place.path('one.db'), env: {} },
};
const sweep = async (...argv: readonly string[]): Promise<string> => {
  let stdout = '';
  await command.run(argv, { ...quiet, stdout: (text: string) => void (stdout += text) });
  return stdout;
};
const plan = place.path('plan.ndjson');

beforeAll(async () => {
  mkdirSync(place.path('specs'));
  const trace = place.path('specs/stairs.accesses');
  await importer.run(['masim', resolve('fixtures/memory-traces/stairs.masim'), '-o', trace], quiet);
  const spec = { areas: [{ size: '64M' }], machine: { memory: '2M' } };
  const grid = { 'machine.pageCluster': [0, 3] };
  place.write('specs/s.json', JSON.stringify({ name: 's', spec, trace: 'stairs.accesses', grid }));
  await sweep('plan', place.path('specs/s.json'), '-o', plan);
});

afterAll(() => {
  place.remove();
});

describe('a sweep over an access trace', () => {
  it('runs in jobs, whose folder is another; where the trace was moved, with --trace', () => {
    const run = ['sweep', 'run', '--plan', 'plan.ndjson', '--engine', 'processes', '--jobs', '1'];
    const here = place.swaplab(...run, '--db', 'here.db', '--json');
    expect(here).toMatchObject({ code: 0, stderr: '' });
    renameSync(place.path('specs/stairs.accesses'), place.path('moved.accesses'));
    const moved = place.swaplab(
      ...[...run, '--trace', 'moved.accesses', '--db', 'moved.db', '--json'],
    );
    expect(moved).toMatchObject({ code: 0, stderr: '' });
    const { contentHash } = JSON.parse(here.stdout) as { readonly contentHash: string };
    expect(JSON.parse(moved.stdout)).toMatchObject({ done: 2, contentHash });
  });

  it('has its path and its hash in the plan, not its bytes', () => {
    const [head = ''] = readFileSync(plan, 'utf8').split('\n');
    expect(JSON.parse(head)).toMatchObject({
      base: {
        workload: {
          accesses: place.path('specs/stairs.accesses'),
          sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
        },
      },
    });
  });

  it('refuses a --trace that is none', async () => {
    await expect(sweep('run', '--plan', plan, '--trace', plan)).rejects.toThrow(
      /--trace: .*plan\.ndjson is no access trace/,
    );
  });
});
