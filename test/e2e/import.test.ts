import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStateDatabase, type StoredRun } from '../../src/runs/index.ts';
import { Workplace, type Outcome } from './swaplab.ts';

const MAWK = fileURLToPath(new URL('../../fixtures/memory-traces/mawk.lackey.gz', import.meta.url));

describe('a trace of a real program', () => {
  const place = new Workplace();
  let imported: Outcome;
  let compared: Outcome;
  let again: Outcome;
  let runs: StoredRun[] = [];

  beforeAll(() => {
    imported = place.swaplab('import', 'lackey', MAWK, '--phases', '8', '--json');
    const { next } = JSON.parse(imported.stdout) as { readonly next: string };
    const words = next.split(' ').slice(1);
    compared = place.swaplab(...words, '--json', '--report', 'page.html');
    mkdirSync(place.path('elsewhere'));
    again = place.swaplab('explain', '--run', '1', '--at', '500', '--page', '100', '--json');
    const database = openStateDatabase(place.database);
    runs = [1, 2].map((id) => database.runs.get(id)!);
    database.close();
  }, 120_000);
  afterAll(() => {
    place.remove();
  });

  it('becomes an access trace in the working folder, with counts', () => {
    expect(imported).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(imported.stdout)).toMatchObject({
      format: 'lackey',
      file: 'mawk.accesses',
      accesses: { total: 912337, reads: 572569, stores: 339768, writes: 0, drops: 0 },
      ...{ kept: 7761, tlb: 64, pages: 441, pagesWritten: 347, content: 'spread' },
    });
    expect(readdirSync(place.folder).filter((name) => name.includes('.part'))).toEqual([]);
  });

  it('is compared as the import says, every page right, and makes a page that is small', () => {
    expect(compared.code).toBe(0);
    const document = JSON.parse(compared.stdout) as {
      readonly runs: readonly unknown[];
      readonly metrics: readonly {
        readonly name: string;
        readonly values: Readonly<Record<string, number>>;
      }[];
    };
    expect(document.runs).toMatchObject([
      { design: 'swap-table', verify: { pagesChecked: 441, mismatches: 0 } },
      { design: 'vswap', verify: { pagesChecked: 441, mismatches: 0 } },
    ]);
    const swappedOut = document.metrics.find(({ name }) => name === 'pswpout')!.values;
    expect(swappedOut['swap-table']).toBeGreaterThan(100);
    const page = readFileSync(place.path('page.html'), 'utf8');
    expect(page).toContain('The access trace ‘mawk.accesses’ was run 2 ways');
    expect(page.length).toBeLessThan(400_000);
  });

  it('is named in the stored run by its contents, and found from any folder', () => {
    const { workload } = runs[0]!.spec as { readonly workload: Readonly<Record<string, string>> };
    expect(workload['accesses']).toBe(place.path('mawk.accesses'));
    expect(workload['sha256']).toMatch(/^[0-9a-f]{64}$/);
    expect(runs[0]!.phases.map(({ op }) => op)[7]).toBe('part 8 of 8');
    expect(again.code).toBe(0);
    expect(JSON.parse(again.stdout)).toHaveProperty('answers');
  });
});

describe('import', () => {
  const place = new Workplace();
  afterAll(() => {
    place.remove();
  });

  function mistake(name: string, content: string | Uint8Array): string {
    place.write(name, content);
    const { code, stdout, stderr } = place.swaplab('import', 'lackey', name, '-o', 'out.accesses');
    expect([code, stdout]).toEqual([2, '']);
    expect(readdirSync(place.folder).filter((file) => file.startsWith('out'))).toEqual([]);
    return stderr;
  }

  it('names the line that is wrong and leaves no file', () => {
    expect(mistake('bad.lackey', ' L 10,8\n S zz,8\n')).toBe(
      "swaplab: import: bad.lackey:2: ' S zz,8' is no line of lackey's; accepted: " +
        "'I  ADDRESS,LENGTH', ' L ADDRESS,LENGTH', the same with S and M, ==PID== …\n",
    );
  });

  it('refuses what is empty, and gzip that ends early', () => {
    expect(mistake('empty', '')).toBe('swaplab: import: empty: has no accesses\n');
    const packed = gzipSync(' L 10,8\n'.repeat(100_000));
    expect(mistake('short.gz', packed.subarray(0, packed.length - 9))).toBe(
      'swaplab: import: short.gz: gzip: unexpected end of file\n',
    );
  });

  it('refuses folders, and files that are not there', () => {
    const folder = place.swaplab('import', 'lackey', '.');
    expect(folder).toMatchObject({ code: 2, stdout: '' });
    expect(folder.stderr).toBe('swaplab: import: . is a folder; accepted: a file\n');
  });

  it('keeps what is read: an output of the same file is refused', () => {
    const text = ' S 10000,8\n';
    place.write('kept.accesses', text);
    const { code, stderr } = place.swaplab('import', 'lackey', 'kept.accesses');
    expect([code, stderr]).toEqual([
      2,
      'swaplab: import: --output: kept.accesses is the file that is read; accepted: another one\n',
    ]);
    expect(readFileSync(place.path('kept.accesses'), 'utf8')).toBe(text);
  });

  it('names the formats where it is asked for none of them', () => {
    const { code, stderr } = place.swaplab('import', 'nosuch', 'file');
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^swaplab: import: unknown command 'nosuch'; accepted: csv, damo, lackey, /,
    );
  });

  it('proposes a memory of two TLBs at least, and says where that is all of the trace', () => {
    place.write('few.lackey', Array.from({ length: 99 }, (_, i) => ` S ${i}000,8\n`).join(''));
    const { code, stdout } = place.swaplab('import', 'lackey', 'few.lackey');
    expect(code).toBe(0);
    expect(stdout).toContain('few beside a TLB of 64 entries: --tlb 0 keeps all accesses.\n\nNow');
    expect(stdout).toContain('--memory 512K');
  });

  it('of another trace than a spec says is refused with both hashes', () => {
    place.write('a.lackey', ' S 10000,8\n S 20000,8\n');
    expect(place.swaplab('import', 'lackey', 'a.lackey').code).toBe(0);
    const hash = '0'.repeat(64);
    place.write(
      'spec.json',
      JSON.stringify({ workload: { accesses: 'a.accesses', sha256: hash } }),
    );
    const wrong = place.swaplab('run', '--spec', 'spec.json', '--swap', '1M');
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toMatch(
      new RegExp(
        `^swaplab: run: workload.sha256: .*a.accesses has SHA-256 [0-9a-f]{64}, not ${hash}`,
      ),
    );
  });
});
