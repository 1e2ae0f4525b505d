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

  it('shows the published figures of 32 GiB beside its own', () => {
    const run = place.swaplab(...['metadata', '--view', 'published', '--used', '0', '--json']);
    expect(run.code).toBe(0);
    const { rows } = JSON.parse(run.stdout) as { readonly rows: readonly unknown[] };
    const figures = [
      ['swap-table', 'zswap', 25],
      ['vswap:v5', 'zswap', 0],
      ['swap-table', 'disk', 25],
      ['vswap:v5', 'disk', 2],
    ] as const;
    expect(rows).toEqual(
      figures.map(([design, backend, mib]): unknown =>
        expect.objectContaining({
          ...{ design, backend, usedPercent: 0, usedPages: 0 },
          ...{ totalMiB: mib, publishedMiB: mib, isAsPublished: true },
        }),
      ),
    );
  });

  it('shows the counter-table as text, with how many figures are the published ones', () => {
    const run = place.swaplab('metadata', '--view', 'song-2026-02', '--used', '0');
    expect(run.stdout).toMatch(/swap-table-4:p3 +disk +total +17\.50\n +published +17\.50\n/);
    expect(run.stdout).toContain('4 of 4 figures are the published ones.\n');
  });

  it('says which rows it leaves out, and why', () => {
    const run = place.swaplab('metadata', '--size', '1M', '--design', 'ghost', '--used', '100');
    expect(run.code).toBe(0);
    expect(run.stdout).toContain('ghost writes to no device');
    expect(run.stdout).not.toMatch(/ghost +disk/);
  });

  it('keeps tables for clusters of which a few pages are left', () => {
    const table = (fill: string): string =>
      /swap_table +(.*)\n/.exec(
        place.swaplab(
          ...['metadata', '--size', '64M', '--used', '25', '--fill', fill, '--terms'],
          ...['--design', 'swap-table', '--backend', 'disk'],
        ).stdout,
      )?.[1] ?? '';
    expect([table('dense'), table('random-frees')]).toEqual(['0.04', '0.13']);
  });

  it('ends with 2 and one line on stderr when an option is wrong', () => {
    const run = place.swaplab('metadata', '--backend', 'tape');
    expect([run.code, run.stdout]).toEqual([2, '']);
    expect(run.stderr).toMatch(/^swaplab: metadata: .*Allowed choices are zswap, disk\.\n$/);
  });
});
