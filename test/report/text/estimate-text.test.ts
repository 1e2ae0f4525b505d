import { describe, expect, it } from 'vitest';
import { createCompressor } from '../../../src/codec/index.ts';
import { estimateFrom, PageMeasures } from '../../../src/estimate/index.ts';
import { estimateText, type ProcessRow } from '../../../src/report/text/estimate-text.ts';

const row = (pid: number, name: string): ProcessRow => ({
  ...{ pid, name, anonymousBytes: 8192, swapBytes: 0, sampledPages: 0, zeroPages: 0, ratio: null },
});

function textOf(ramBytes: number, processes: readonly ProcessRow[], moreProcesses: number): string {
  const measures = new PageMeasures([createCompressor('lz4', 'test')], 4);
  // Noise of the one kind that no compressor shortens, and a page of text.
  const noise = Buffer.alloc(4096);
  let state = 1;
  for (let at = 0; at < 4096; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    noise[at] = state >>> 24;
  }
  measures.record(noise);
  measures.record(Buffer.alloc(4096, 'slots and clusters; '));
  const estimate = estimateFrom(measures, { pages: 2000, percents: [5, 10], ramBytes });
  return estimateText({
    ...{ estimate, subject: 'anonymous memory', place: 'in 3 processes', processes, moreProcesses },
    ...{ notes: ['One thing is left out.'], characters: 'ascii' },
  });
}

describe('the text of an estimate', () => {
  it('says in its first lines how much fits, at the first percentage where 20 is not asked for', () => {
    const [memory, lz4, limit] = textOf(16 * 1024 * 1024, [], 0).split('\n');
    expect(memory).toBe('anonymous memory  7.8 MiB in 3 processes; 2 of 2,000 pages read');
    expect(lz4).toMatch(
      /^with lz4 {10}a pool of 4 MiB holds all of it, 1\.9\d : 1; saves 3\.7 MiB$/,
    );
    expect(limit).toMatch(
      /^at 5 % of RAM {5}816 KiB of 16 MiB; with lz4 1\.6 MiB of it fit, 20\.\d %$/,
    );
    expect(textOf(2 ** 30, [], 0)).toMatch(/^at 5 % .*; with lz4 all of it fits$/m);
  });

  it('draws bars of characters that any terminal has', () => {
    const text = textOf(2 ** 30, [], 0);
    expect(text).toMatch(/^1 to 256 {6}50\.0 {2}#{40}$/m);
    expect(text).toMatch(/^not smaller {3}50\.0 {2}#{40}$/m);
  });

  it('has a row for the processes that are shown, and says how many there are besides', () => {
    const text = textOf(2 ** 30, [row(17, 'app'), row(4, 'x\u001b[2J')], 1);
    expect(text).toMatch(/^ 17 {2}app {7,}8 KiB {6}0 B +0 +- +-$/m);
    expect(text).toContain('x\\x1b[2J');
    expect(text).toMatch(/\nand 1 more\n\nOne thing is left out\.\n$/);
  });
});
