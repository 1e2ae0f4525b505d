/** `swaplab metadata` in this process: what it refuses, and a figure that differs from the published. */
import { describe, expect, it, vi } from 'vitest';
import { command } from '../../cli/metadata.ts';
import { UsageError } from '../../src/units/index.ts';

vi.mock('../../cli/published.ts', () => ({
  PUBLISHED_SIZE_BYTES: 32 * 2 ** 30,
  publishedMetadata: () => ({
    'vss-v5': {
      source: 'a test',
      unit: 'MiB',
      rows: [{ design: 'vswap:v5', backend: 'disk', used: [0], mib: [2.01] }],
    },
  }),
}));

const quiet = {
  stdout: () => undefined,
  stderr: () => undefined,
  databasePath: '',
  env: {},
};

describe('swaplab metadata', () => {
  it('exits with 3 when a figure differs from the published one, and says so', async () => {
    let said = '';
    const code = await command.run(
      ['--view', 'published', '--design', 'vswap', '--backend', 'disk', '--used', '0'],
      {
        ...quiet,
        stdout: (text) => {
          said += text;
        },
      },
    );
    expect(said).toMatch(/total +2\.00\n +published +2\.01\n/);
    expect(said).toContain('0 of 1 figures are the published ones.');
    expect(code).toBe(3);
  });

  it.each([
    [['--size', 'much'], "--size: 'much'"],
    [['--size', '1'], '--size: 1 bytes are not accepted; accepted: 4096 bytes to less than 1T'],
    [['--size', '1T', '--used', '0'], '--size: 1099511627776 bytes are not accepted'],
    [['--size', '512G'], '--used: 100 % of --size are 134217728 pages; accepted: up to 67108864'],
    [['--size', '512G', '--used', '1', '--fill', 'random-frees'], '--used: 100 % of --size'],
    [['--used', ''], "--used: '' is no percentage"],
    [['--seed', '-1'], "--seed: '-1' is no number"],
    [['--fill', 'sparse'], 'Allowed choices are dense, random-frees'],
    [['--view', 'published', '--with-zswap'], '--with-zswap: no published table counts that'],
    [['--view', 'song-2026-02', '--backend', 'zswap'], "has no table for 'zswap'; accepted: disk"],
    [['--used', '0,101'], "--used: '101' is no percentage; accepted: 0 to 100"],
    [
      ['--view', 'nice'],
      "--view: 'nice' is no view; accepted: real, vss-v5, song-2026-02, published",
    ],
    [['--design', 'best'], "--design: 'best' is no design"],
    [['--design', 'ghost', '--backend', 'disk'], '--backend: ghost writes to no device'],
    [['--view', 'published', '--design', 'xarray'], "--design: 'xarray' is not in vss-v5"],
    [['--backend', 'tape'], 'Allowed choices are zswap, disk'],
  ])('refuses %j', (argv, message) => {
    const run = (): unknown => command.run(argv, quiet);
    expect(run).toThrow(UsageError);
    expect(run).toThrow(message);
  });
});
