import { describe, expect, it } from 'vitest';
import { runText, SECTION_NAMES } from '../../src/report/text/run-text.ts';
import { slotMapText } from '../../src/report/text/slot-map.ts';
import { sparkline } from '../../src/report/text/sparkline.ts';
import { csvText } from '../../src/report/text/csv.ts';
import { alignRows, alignTable } from '../../src/report/text/table.ts';
import { SLOT_MAP, storedRun } from './stored-run.ts';

const points = (...values: readonly number[]): { timeNs: number; value: number }[] =>
  values.map((value, index) => ({ timeNs: index * 10, value }));

describe('a sparkline', () => {
  it('goes from the lowest value to the highest', () => {
    expect(sparkline(points(0, 1, 2, 3, 4, 5, 6, 7), 40, 'unicode')).toBe('▁▂▃▄▅▆▇█');
    expect(sparkline(points(7, 0, 3.5), 40, 'ascii')).toBe('@_+');
  });

  it('is a line at the bottom where nothing changes, and nothing without points', () => {
    expect(sparkline(points(5, 5, 5), 40, 'unicode')).toBe('▁▁▁');
    expect(sparkline([], 40, 'unicode')).toBe('');
    expect(sparkline(points(9), 40, 'unicode')).toBe('▁');
  });

  it('shows the mean of the points of each part of the time', () => {
    // The first half has 0 and 4, the second 8 and 8: means 2 and 8 of 0 to 8.
    expect(sparkline(points(0, 4, 8, 8), 2, 'unicode')).toBe('▃█');
  });

  it('stays where it was in a time without points', () => {
    const late = [
      { timeNs: 0, value: 0 },
      { timeNs: 10, value: 7 },
      { timeNs: 90, value: 0 },
      { timeNs: 100, value: 0 },
    ];
    expect(sparkline(late, 4, 'unicode')).toBe('▅▅▅▁');
  });
});

describe('a table', () => {
  it('takes more rows than a call takes arguments', () => {
    const rows = Array.from({ length: 200_000 }, (_, index) => [index, 'x']);
    const lines = alignTable(['N', 'TEXT'], rows).split('\n');
    expect(lines).toHaveLength(200_002);
    expect(lines.slice(0, 2)).toEqual(['     N  TEXT', '     0  x']);
    expect(lines[200_000]).toBe('199999  x');
  });

  it('keeps a row on its line, and lets no text command the terminal', () => {
    const rows = [['\u001b[2Ja\nb\u009b1m\u007f', 1]];
    expect(alignTable(['NAME', 'N'], rows)).toBe(
      'NAME                     N\n\\x1b[2Ja\\x0ab\\x9b1m\\x7f  1\n',
    );
    expect(alignRows([{ 'a\tb': 'ä' }])).toBe('a\\x09b\nä\n');
  });
});

describe('a slot map', () => {
  it('has a character a cell, capital where a state has half of it, and slots at the left', () => {
    const text = slotMapText(SLOT_MAP, 'Area 0', { width: 3, isColoured: false });
    const lines = text.split('\n');
    expect(lines.slice(0, 4)).toEqual([
      'Area 0: 40 slots, a character is 8 slots',
      '',
      ' 0  xWw',
      '24  Zo',
    ]);
    expect(text).toMatch(/^W w +13 +32\.5 % +written/m);
    expect(text).toMatch(/^\. +19 +47\.5 % +free$/m);
    expect(text).toMatch(/^nonfull +2 +1$/m);
    expect(text).toMatch(/^4-7 +2$/m);
    expect(text).not.toContain('\u001b');
  });

  it('says the same with colours as without', () => {
    const look = { width: 64, isColoured: false };
    const coloured = slotMapText(SLOT_MAP, 'Area 0', { ...look, isColoured: true });
    expect(coloured).toContain('\u001b[34mW\u001b[0m');
    expect(coloured.replaceAll(/\u001b\[\d+m/g, '')).toBe(slotMapText(SLOT_MAP, 'Area 0', look));
  });
});

describe('the text of a run', () => {
  it('calls a temporary area by what was asked for, everywhere', () => {
    const text = runText(storedRun(), SECTION_NAMES, 'unicode');
    expect(text).toMatch(/^ +0 +temporary, 512M +file +131071 +40 +-2$/m);
    expect(text).toMatch(/^1\.000 s +area +area 0 \(temporary, 512M\): given up$/m);
    expect(text).not.toContain('/tmp/');
  });

  it("keeps the path of a user's area", () => {
    const spec = { areasHeld: [{ type: 0, name: '/swap', maxPages: 131072 }] };
    expect(runText(storedRun({ spec }), ['areas'], 'unicode')).toMatch(/ \/tmp\/swaplab-run-77/);
  });

  it('has only the sections that were asked for, in the order of all', () => {
    const text = runText(storedRun(), ['metadata', 'phases', 'faults'], 'unicode');
    expect(text.split('\n').filter((line) => /^[A-Z][a-z]/.test(line))).toEqual([
      'Phases',
      'Metadata',
    ]);
  });

  it('draws series with their lowest and highest values', () => {
    const text = runText(storedRun(), ['series'], 'ascii');
    expect(text).toMatch(/^swap\.usedPages +5 +0 +8 +8 +_\.-=@$/m);
  });

  it('prints p50 to p99.99 and the highest, and none of a histogram without values', () => {
    const text = runText(storedRun(), ['histograms'], 'unicode');
    expect(text).toMatch(/COUNT +MIN +P50 +P90 +P99 +P99\.9 +P99\.99 +MAX$/m);
    expect(text).toMatch(/^deviceWrite\.ns +ns +4 +500 +503 +90111( +90111){4}$/m);
    expect(text).toMatch(/^deviceRead\.ns +ns +0 +-$/m);
  });

  it('has no more than 20 lines of intervals, the last among them', () => {
    const intervals = Array.from({ length: 95 }, (_, position) => ({
      ...{ position, operations: position * 10, timeNs: position * 1e9, atMs: position * 1000 },
      figures: { forks: position, 'used /tmp/swaplab-run-77/swap': 3 },
    }));
    const text = runText(storedRun({ intervals, startedMs: 0 }), ['endurance'], 'unicode');
    const lines = text.split('\n').filter((line) => /^ *\d+\.000 s /.test(line));
    expect(lines).toHaveLength(19);
    expect(lines.at(-1)).toMatch(/^94\.000 s +940 +94\.000 s +94$/);
    expect(text).toMatch(/^76 more: /m);
    expect(text).toMatch(/^used area 0 \(temporary, 512M\) +3$/m);
  });
});

describe('csvText', () => {
  it('quotes what has a comma, a quote or a line end', () => {
    expect(csvText([['a,b', 'say "x"', 'two\nlines', null, 1.5]])).toBe(
      '"a,b","say ""x""","two\nlines",,1.5\n',
    );
  });
});
