/** `swaplab validate` through the built command: what it prints, how it ends, what it refuses. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Workplace } from './swaplab.ts';

const SMALL = fileURLToPath(new URL('../../fixtures/kernel/own/fork-write.json', import.meta.url));
let place: Workplace;

beforeAll(() => {
  place = new Workplace();
});

afterAll(() => {
  place.remove();
});

type Json = Record<string, unknown>;
interface CaptureFile extends Json {
  zswap: Json | null;
  trace: string[];
  runs: { phases: { op: string; counters: Record<string, number> }[] }[];
}

/** A capture with something changed, as a file. */
function changed(name: string, change: (capture: CaptureFile) => void): string {
  const capture = JSON.parse(readFileSync(SMALL, 'utf8')) as CaptureFile;
  change(capture);
  return place.write(name, JSON.stringify(capture));
}

describe('validate', () => {
  it('says that a kernel agrees, and ends with 0', () => {
    const { code, stdout } = place.swaplab('validate', '--payload', 'none', SMALL);
    expect(code).toBe(0);
    expect(stdout).toMatch(/29 of 29 cells agree \(100\.0 %\)/);
  });

  it('shows the cell that differs, and ends with 3', () => {
    const path = changed('one-off.json', ({ runs }) => {
      for (const { phases } of runs) phases[0]!.counters['pswpout'] = 1;
    });
    const { code, stdout } = place.swaplab('validate', '--payload', 'none', path);
    expect(code).toBe(3);
    expect(stdout).toMatch(/W 0 16384 .* pswpout +1 1 1 1 1 +\d+ +differs/);
    const json = place.swaplab('validate', '--payload', 'none', '--json', path);
    expect(json.code).toBe(3);
    expect(JSON.parse(json.stdout)).toMatchObject({
      ok: false,
      failed: 1,
      captures: [{ ok: false }],
    });
  });

  it('names what a capture was recorded with and no replay models', () => {
    const path = changed('generations.json', (capture) => {
      capture['provenance'] = { lruGen: true };
    });
    const { stdout } = place.swaplab('validate', '--payload', 'none', path);
    expect(stdout).toContain('not modelled: reclaim by generations (lruGen)');
  });

  it.each<[string, (capture: CaptureFile) => void, RegExp]>([
    ['without runs', (capture) => (capture.runs = []), /runs: .* is not accepted/],
    [
      'of a phase too few',
      ({ runs }) => runs[2]!.phases.pop(),
      /runs\.2\.phases: 4 for the 5 oper/,
    ],
    [
      'whose operations are other ones',
      ({ runs }) => (runs[0]!.phases[1]!.op = 'R 0 1 seq 1 1 -'),
      /runs\.0\.phases\.1\.op: 'R 0 1 seq 1 1 -' where trace has 'FM 0 16384/,
    ],
    [
      'with zswap and a backend without',
      (capture) =>
        (capture.zswap = { compressor: 'lz4', maxPoolPercent: 20, memTotalKiB: 1 << 20 }),
      /zswap: is there, but backend is 'ssd'/,
    ],
    [
      'of a compressor that is not here',
      (capture) => {
        capture['backend'] = 'zswap-ssd';
        capture.zswap = { compressor: 'lzo', maxPoolPercent: 20, memTotalKiB: 1 << 20 };
      },
      /lzo/,
    ],
    ['with text for a number', (capture) => (capture['limitMiB'] = '32'), /limitMiB: "32" is not/],
  ])('refuses a capture %s before it replays anything', (_what, change, message) => {
    const { code, stderr, stdout } = place.swaplab('validate', SMALL, changed('bad.json', change));
    expect(stderr).toMatch(message);
    expect(stderr).toContain('bad.json');
    expect([code, stdout]).toEqual([2, '']);
  });
});
