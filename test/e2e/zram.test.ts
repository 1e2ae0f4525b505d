import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Workplace } from './swaplab.ts';

let place: Workplace;
beforeEach(() => {
  place = new Workplace();
});
afterEach(() => {
  place.remove();
});

const TRACE = [
  'pages 1500',
  'W 0 500 seq 500 1 rand',
  'W 500 500 seq 500 1 file',
  'W 1000 500 seq 500 1 fill:5a',
  'zram zram0 idle all',
  'zram zram0 recompress type=idle',
  'zram zram0 writeback_limit 200',
  'zram zram0 writeback_limit_enable 1',
  'zram zram0 writeback huge',
  'R 0 1500 seq 1500 1 -',
  'zram zram0 compact 1',
].join('\n');
const ZRAM =
  '32M,zram-backing=16M,zram-recompress=deflate,zram-mem-limit=8M,zram-compressed-writeback,device=sata-ssd';

type Figures = Readonly<Record<string, number>>;

interface Document {
  readonly digest: string;
  readonly verify: { readonly pagesChecked: number; readonly mismatches: number };
  readonly phases: readonly {
    readonly op: string;
    readonly zram?: Figures;
    readonly zramSetting?: { readonly outcome: string; readonly poolPagesFreed: number };
  }[];
  readonly areas: readonly {
    readonly path: string;
    readonly type: number;
    readonly pagesWritten: number;
    readonly zram?: Figures;
  }[];
}

/** A command line that fills a zram, and a file of text for the trace's content. */
function line(swap: string): string[] {
  const trace = place.write('t.trace', `${TRACE}\n`);
  const page = fileURLToPath(new URL('../../README.md', import.meta.url));
  const content = place.write('text', readFileSync(page).subarray(0, 8192));
  return ['run', '--trace', trace, '--content', content, '--memory', '2M', '--swap', swap];
}

describe('swaplab run with a zram', () => {
  it('tells the kernel\u2019s figures phase by phase, twice the same, and in words', () => {
    const { code, stdout, stderr } = place.swaplab(...line(ZRAM), '--json');
    expect([code, stderr]).toEqual([0, '']);
    const first = JSON.parse(stdout) as Document;
    checkWords(first);
    expect(first.verify).toEqual({ pagesChecked: 1500, mismatches: 0 });
    const { phases, areas } = first;
    const at = (word: string): Document['phases'][number] =>
      phases.find(({ op }) => op.includes(word))!;
    const filled = phases[2]!.zram!;
    expect(Object.keys(filled)).toHaveLength(16);
    expect(filled['same_pages']).toBe(0);
    expect(filled['mem_limit']).toBe(8 * 2 ** 20);
    // Deflate makes text smaller than lz4 does.
    expect(at('recompress').zramSetting!.outcome).toBe('ok');
    expect(at('recompress').zram!['compr_data_size']).toBeLessThan(filled['compr_data_size']!);
    expect(at('recompress').zramSetting!.poolPagesFreed).toBeGreaterThan(0);
    // 200 of the huge pages, then the budget is used up.
    expect(at('writeback huge').zramSetting).toMatchObject({ outcome: 'EIO', poolPagesFreed: 200 });
    expect(at('writeback huge').zram).toMatchObject({ bd_writes: 200, bd_count: 200 });
    expect(at('R 0').zram!['bd_reads']).toBe(200);
    expect(areas[0]!.path).toBe('zram0');
    expect(areas[0]!.zram).toMatchObject({ bd_writes: 200, backing_writes: 7, failed_writes: 0 });
  });

  /** The same run again, for people: its tables, and the digest that it stored. */
  function checkWords({ digest }: Document): void {
    const { code, stdout } = place.swaplab(...line(ZRAM));
    expect(code).toBe(0);
    expect(stdout).toMatch(/^zram0 +[\d,]+ pages in .* of 8 MiB \(at most .*\), [\d.]+ : 1;/m);
    expect(stdout).toMatch(/^zram0 backing +\d+ pages there, 200 written in 7 I\/Os, \d+ read$/m);
    expect(stdout).toMatch(/^written to disk +800 KiB in 7 I\/Os of 28\.6 pages$/m);
    expect(stdout).toMatch(/^zram0 writeback huge +EIO +200 +200 +7$/m);
    const shown = place.swaplab('runs', 'show', 'last').stdout;
    expect(shown).toContain('zram0');
    expect(shown).toContain(digest);
    const explained = place.swaplab(
      ...['explain', '--run', 'last', '--at', 'phase:8', '--page', '20'],
    );
    expect(explained.stdout).toContain('zram0');
    expect(explained.code).toBe(0);
  }

  it('stands beside a file, and keeps its own name and type', () => {
    place.makeArea('a.swap', '16M');
    const swaps = [...line('8M,zram,prio=7'), '--area', 'a.swap', '--json'];
    const { code, stdout } = place.swaplab(...swaps);
    expect(code).toBe(0);
    const { areas, verify } = JSON.parse(stdout) as Document;
    expect(verify.mismatches).toBe(0);
    expect(new Set(areas.map(({ type }) => type)).size).toBe(2);
    const zram = areas.find(({ path }) => path === 'zram0')!;
    expect(zram.pagesWritten).toBeGreaterThan(0);
    expect(zram.zram!['bd_writes']).toBe(0);
  });

  it.each([
    ['32M,zram-frob=1', /'zram-frob=1' is not accepted; accepted: .*zram-backing=SIZE/],
    ['32M,zram-compressor=lzma', /areas\.0\.zram\.compressor: "lzma" is not accepted/],
    ['32M,zram-batch=0', /areas\.0\.zram\.writebackBatch: 0 is not accepted/],
    ['32M,zram,ghost', /zram is no ghost/],
    ['32M,zram-backing=4K', /backing: accepted: at least 8192 bytes/],
    ['32M', /'zram0' is no area of this run/],
  ])('refuses %s with a sentence', (swap, message) => {
    const { code, stderr } = place.swaplab(...line(swap));
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });

  it('refuses content without bytes', () => {
    const { code, stderr } = place.swaplab(...line('32M,zram'), '--payload', 'none');
    expect([code, stderr]).toEqual([2, expect.stringContaining("payload 'none' has no bytes")]);
  });
});
