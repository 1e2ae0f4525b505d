/** Wear of flash through the built command: text, JSON, database, refusals. */
import { afterAll, describe, expect, it } from 'vitest';
import { Workplace } from './swaplab.ts';

const place = new Workplace();
afterAll(() => {
  place.remove();
});

const trace = place.write(
  't.trace',
  'pages 2048\nW 0 2048 seq 2048 1 rand\nM 0 2048 rand 4000 2 -\n',
);

function run(...argv: readonly string[]): ReturnType<Workplace['swaplab']> {
  return place.swaplab('run', '--trace', trace, '--memory', '2M', '--swap', '16M', '-q', ...argv);
}

describe('swaplab run --drive', () => {
  it('says what the drive took and how long it lasts', () => {
    const { code, stdout } = run('--drive', '500G,tlc,runs=100');
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^wear of flash +[\d.]+ MiB from the host, [\d.]+ MiB into flash, write amplification 1\.\d\d; \d+ erases of 23 blocks, /m,
    );
    expect(stdout).toMatch(
      /^life of 500G,tlc +[\d.]+ TB a day \(100 such runs\), [\d.]+ drive writes a day: [\d.,]+ years by its 300 TBW, [\d.,]+ by erase cycles; /m,
    );
  });

  it('has the figures in its document and in the database', () => {
    const { stdout } = run('--json', '--device', 'emmc');
    const document = JSON.parse(stdout) as {
      run: number;
      areas: { pagesWritten: number; wear: Record<string, number | string> }[];
    };
    const { pagesWritten, wear } = document.areas[0]!;
    expect(wear['drive']).toBe('64G,emmc');
    expect(wear['hostPages']).toBe(pagesWritten);
    const stored = place.swaplab('runs', 'show', String(document.run), '--json').stdout;
    expect(stored).toContain(`"wear.nandPages": ${wear['nandPages']}`);
  });

  it('says nothing of a disk that turns', () => {
    expect(run('--device', 'hdd').stdout).not.toContain('wear of flash');
  });

  it('refuses a drive that it does not know', () => {
    const { code, stderr } = run('--drive', '500G,wood');
    expect(code).toBe(2);
    expect(stderr).toContain("drive: '500G,wood': 'wood' is no class; accepted: CAPACITY,CLASS");
  });
});
