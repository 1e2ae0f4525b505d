/** `swaplab metadata` through the built command. */
import { afterAll, describe, expect, it } from 'vitest';
import { Workplace } from './swaplab.ts';

const place = new Workplace();
afterAll(() => {
  place.remove();
});

describe('swaplab metadata', () => {
  it('prints every term of a small device as one document', () => {
    const run = place.swaplab(...['metadata', '--size', '4M', '--used', '0,50', '--json']);
    expect(run.code).toBe(0);
    const document = JSON.parse(run.stdout) as {
      readonly view: string;
      readonly sizeBytes: number;
      readonly rows: readonly {
        readonly design: string;
        readonly backend: string;
        readonly usedPercent: number;
        readonly totalMiB: number;
        readonly terms: readonly { readonly term: string; readonly bytes: number }[];
      }[];
    };
    expect([document.view, document.sizeBytes]).toEqual(['real', 4 * 1024 * 1024]);
    // Eight designs in zswap, six of them on a device too; two states each.
    expect(document.rows.length).toBe(28);
    for (const row of document.rows) {
      const bytes = row.terms.reduce((sum, term) => sum + term.bytes, 0);
      expect(row.totalMiB).toBe(bytes / 1024 / 1024);
    }
  });

  it('narrows a published view, and shows its totals', () => {
    const run = place.swaplab(
      ...[
        ...['metadata', '--view', 'published', '--size', '64M', '--backend', 'disk'],
        ...['--design', 'vswap:v5', '--used', '100'],
      ],
    );
    expect(run.code).toBe(0);
    // A 512th of 259.00.
    expect(run.stdout).toMatch(/vswap:v5 +disk +total +0\.51\n/);
  });

  it.each([
    [['--size', 'much'], "--size: 'much'"],
    [['--size', '1'], '--size: accepted: whole pages'],
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
    const run = place.swaplab(...['metadata', ...argv]);
    expect(run.code).toBe(2);
    expect(run.stderr).toContain(message);
  });
});
