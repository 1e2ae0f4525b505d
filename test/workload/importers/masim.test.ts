import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/units/index.ts';
import { masim } from '../../../src/workload/importers/masim.ts';
import { expectCutsAlike, imported } from './recorder.ts';

const config = readFileSync(
  new URL('../../../fixtures/memory-traces/stairs.masim', import.meta.url),
  'utf8',
);

/** The words of each phase, by its name. */
function byPhase(said: readonly string[]): Map<string, string[]> {
  const phases = new Map<string, string[]>();
  let words: string[] = [];
  for (const word of said)
    if (word.startsWith('[')) phases.set(word.slice(1, -1), (words = []));
    else words.push(word);
  return phases;
}

const ofRegion = (first: number, count: number) => (word: string) => {
  const page = Number(word.slice(1));
  return page >= first && page < first + count;
};

describe('a masim configuration', () => {
  it('is run phase by phase, each with as many accesses as its time is long', async () => {
    const phases = byPhase(await imported(masim, config));
    const counts = [...phases].map(([name, words]) => [name, words.length]);
    expect(counts).toEqual([
      ['initial data', 10],
      ['look up', 4000],
      ['idle', 0],
      ['append', 2000],
    ]);
    const faster = byPhase(await imported(masim, config, { options: { rate: '3' } }));
    expect(faster.get('look up')).toHaveLength(120);
  });

  it('writes the regions that have initial data, once and before all else', async () => {
    const phases = byPhase(await imported(masim, config));
    expect(phases.get('initial data')).toEqual(Array.from({ length: 10 }, (_, i) => `W${i}`));
  });

  it('draws patterns by their probabilities, and random accesses from the whole region', async () => {
    const words = byPhase(await imported(masim, config)).get('look up')!;
    const reads = words.filter((word) => word.startsWith('R'));
    expect(reads.every(ofRegion(0, 10))).toBe(true);
    // 3 of 4 with a standard deviation of 0.7 %.
    expect(reads.length / words.length).toBeCloseTo(0.75, 1);
    for (let page = 0; page < 10; page++)
      expect(reads.filter((word) => word === `R${page}`).length).toBeGreaterThan(200);
  });

  it('sweeps a region by the stride, past the end back to its begin', async () => {
    const words = byPhase(await imported(masim, config)).get('look up')!;
    const writes = words.filter((word) => word.startsWith('S'));
    // 20000 bytes are 4 pages and a piece, which ends at an offset below the fifth stride.
    expect(writes.slice(0, 11)).toEqual(
      [11, 12, 13, 14, 10, 11, 12, 13, 14, 10, 11].map((page) => `S${page}`),
    );
    const log = byPhase(await imported(masim, config)).get('append')!;
    expect(log.slice(0, 63)).toEqual(Array<string>(63).fill('S15')); // offsets 64 to 4032
    expect(log.slice(63, 127)).toEqual(Array<string>(64).fill('S16'));
    expect(log[127]).toBe('S15');
  });

  it('does as many accesses between two draws as asked', async () => {
    const options = { accessesPerDraw: '50' };
    const words = byPhase(await imported(masim, config, { options })).get('look up')!;
    for (let i = 0; i < words.length; i += 50)
      expect(new Set(words.slice(i, i + 50).map((word) => word[0])).size).toBe(1);
  });

  it('gives the same for the same seed, and other accesses for another', async () => {
    const [first, again, other] = [
      await imported(masim, config, { seed: 5 }),
      await imported(masim, config, { seed: 5 }),
      await imported(masim, config, { seed: 6 }),
    ];
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
    await expectCutsAlike(masim, config, { options: { rate: '1' } });
  });

  it.each([
    ['', 'trace:1: has no regions; accepted: lines of a name and a size in bytes'],
    ['a\n', "trace:1: 'a' is no region; accepted: NAME, BYTES[, FILE|none]"],
    ['#\na, 4k\n', "trace:2: the size '4k' is not accepted; accepted: a whole number from 0"],
    ['a, 0\n', "trace:1: the size '0' is not accepted; accepted: bytes from 1"],
    ['a, 9007199254740993\n', "trace:1: the size '9007199254740993' is not accepted"],
    ['a, 1\na, 2\n', "trace:2: region 'a' is there already; accepted: a name of its own"],
    ['a, 1\n\nx\n', 'trace:3: ends a phase of 1 lines; accepted: a name, milliseconds, and patt'],
    ['a, 1\n\nx\n5\n', 'trace:4: ends a phase of 2 lines; accepted: a name, milliseconds, and p'],
    ['a, 1\n\nx\n-5\na, 1, 1, 1\n', "trace:4: the time in ms '-5' is not accepted"],
    ['a, 1\n\nx\n5\na 1 1 1\n', "trace:5: 'a 1 1 1' is no pattern; accepted: REGION, 1|0"],
    ['a, 1\n\nx\n5\nb, 1, 1, 1\n', "trace:5: there is no region 'b'; accepted: a"],
    ['a, 1\n\nx\n5\na, yes, 1, 1\n', "trace:5: random or not 'yes' is not accepted"],
    ['a, 1\n\nx\n5\na, 1, 1, 1, r\n', "trace:5: 'r' is no mode; accepted: ro, wo, rw"],
  ])('that has a mistake is told so: %j', async (content, message) => {
    const failure = await imported(masim, content).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(UsageError);
    expect((failure as Error).message).toContain(message);
  });
});
