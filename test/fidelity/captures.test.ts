/**
 * What a real kernel counted, replayed. Each cell that gates must agree, except those listed here
 * with the mechanism behind them; a listed cell that agrees is an error too.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compareWithCapture, parseCapture, replayCapture } from '../../src/machine/index.ts';

const folder = new URL('../../fixtures/kernel/', import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith('.json'));

/**
 * Cells that differ: phase from 1, and counters. In all of them the kernel balanced its lists by
 * cgroup statistics that were up to two seconds old; here they are exact.
 */
const DIFFERING: Readonly<Record<string, readonly string[]>> = {
  'fork-file.json': ['4 swap_ra', '4 swap_ra_hit'],
  'hot-ssd.json': [
    '2 pswpin',
    '2 pgmajfault',
    '2 pgsteal_anon',
    '4 pswpin',
    '4 pswpout',
    '4 pgmajfault',
    '4 pgsteal_anon',
  ],
  'zswap-full.json': ['3 pgscan_anon'],
  'zswap-light.json': [
    '2 swap_ra',
    '3 zswpin',
    '3 zswpout',
    '3 swap_ra',
    '3 swap_ra_hit',
    '3 pgsteal_anon',
    '3 swapped',
    '3 pool_total_size',
    '4 swap_ra',
  ],
};

describe.each(files)('the replay of %s', (name) => {
  it('agrees with the kernel in every cell that gates, but for those that are named', async () => {
    const capture = parseCapture(
      JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as unknown,
      name,
    );
    // zram's own figures need its compressor; everything else only sizes.
    const payload = capture.backend === 'zram' ? 'bytes' : 'none';
    const { phases, result } = await replayCapture(capture, name, payload);
    expect(result.verify.mismatches).toBe(0);
    const differing = compareWithCapture(capture, phases).flatMap(({ cells }, index) =>
      cells.filter(({ gating, ok }) => gating && !ok).map((cell) => `${index + 1} ${cell.name}`),
    );
    expect(differing).toEqual(DIFFERING[name] ?? []);
  });
});
