/** The charts as pure functions: numbers in, SVG out. */
import { describe, expect, it } from 'vitest';
import { linearAxis, logAxis, percentileAxis } from '../../src/report/charts/axis.ts';
import { barChart } from '../../src/report/charts/bar-chart.ts';
import { percentileChart, timeChart } from '../../src/report/charts/line-chart.ts';
import { renderMarkup, type Markup } from '../../src/report/charts/markup.ts';
import { COLOURS, DASHES } from '../../src/report/charts/palette.ts';
import {
  grouped,
  quantityText,
  tellingDigits,
  tickText,
} from '../../src/report/charts/quantity.ts';
import { lookOf, slotMapChart } from '../../src/report/charts/slot-map.ts';
import { stackedAreaChart } from '../../src/report/charts/stacked-area.ts';
import { stackedBarChart } from '../../src/report/charts/stacked-bars.ts';
import { thinned } from '../../src/report/charts/thin.ts';

const NAMES = { id: 'a', title: 'A title', description: 'In words' };
const HOSTILE = '<script>alert("x")</script>';

function svg(markup: Markup): string {
  return renderMarkup(markup);
}

function time(points: readonly { x: number; y: number }[], label = 'one'): string {
  const lines = [{ label, column: 0, points }];
  return svg(timeChart({ ...NAMES, lines, quantity: 'bytes', label: 'pool' }));
}

/** y coordinates of the first line. */
function heights(text: string): number[] {
  const d = /class="line c0 d0" d="([^"]*)"/.exec(text)?.[1] ?? '';
  expect(d).not.toMatch(/NaN|Infinity/);
  return [...d.matchAll(/[ML][\d.]+,([\d.]+)/g)].map(([, y]) => Number(y));
}

describe('axes', () => {
  it('place 0 at the foot and the most at the head, with ticks in a unit that fits', () => {
    const axis = linearAxis({
      ...{ quantity: 'bytes', label: 'pool', range: [100, 0] },
      max: 8 * 2 ** 20,
    });
    expect([axis.place(0), axis.place(4 * 2 ** 20), axis.place(8 * 2 ** 20)]).toEqual([100, 50, 0]);
    expect(axis.label).toBe('pool, MiB');
    expect(axis.ticks.map(({ text }) => text)).toEqual(['0', '2', '4', '6', '8']);
  });

  it('have an extent even if everything is 0', () => {
    const axis = linearAxis({ quantity: 'count', label: '', range: [100, 0], max: 0 });
    expect(axis.place(0)).toBe(100);
  });

  it('give each power of ten the same room, and what is below the first none', () => {
    const range = [90, 0] as const;
    const axis = logAxis({ quantity: 'ns', label: 'time', range, min: 1500, max: 900_000 });
    expect(axis.ticks.map(({ at, text }) => [Math.round(at), text])).toEqual([
      [90, '1 µs'],
      [60, '10 µs'],
      [30, '100 µs'],
      [0, '1 ms'],
    ]);
    expect(axis.place(1)).toBe(90);
  });

  it('give each further nine of a percentile the same room', () => {
    const axis = percentileAxis([0, 300], 1000);
    expect(axis.ticks.map(({ at, text }) => [at, text])).toEqual([
      [0, '0'],
      [100, '90'],
      [200, '99'],
      [300, '99.9'],
    ]);
    expect(axis.place(99)).toBeCloseTo(200);
    expect(axis.place(100)).toBe(300);
  });
});

describe('a chart over time', () => {
  it('draws higher values higher up', () => {
    const [low, high] = heights(
      time([
        { x: 0, y: 10 },
        { x: 100, y: 40 },
      ]).replaceAll(/([\d.]+),([\d.]+)L[\d.]+,\2L/g, '$1,$2L'),
    );
    expect(high!).toBeLessThan(low!);
  });

  it('draws a single point as a dot', () => {
    expect(time([{ x: 5, y: 5 }])).toContain('<circle class="dot c0"');
  });

  it('stands values beyond 2^53 and a line of zeros', () => {
    heights(time([{ x: 0, y: 0 }, { x: 1e18, y: 1e18 }])); // prettier-ignore
    heights(time([{ x: 0, y: 0 }, { x: 1, y: 0 }])); // prettier-ignore
  });

  it('stands to have no line', () => {
    const text = svg(timeChart({ ...NAMES, lines: [], quantity: 'count', label: 'pages' }));
    expect(text).not.toMatch(/NaN|Infinity/);
  });

  it('says its values without scripts, and its names to screen readers', () => {
    const text = time([
      { x: 0, y: 0 },
      { x: 2e9, y: 3 * 2 ** 20 },
    ]);
    expect(text).toMatch(/<svg [^>]*role="img" aria-labelledby="a-title a-desc"/);
    expect(text).toContain('<title id="a-title">A title</title><desc id="a-desc">In words</desc>');
    expect(text).toMatch(/<title>at 1\.96 s\none: 0 B<\/title>/);
  });

  it('escapes what runs are called', () => {
    const text = time([{ x: 0, y: 1 }, { x: 1, y: 1 }], HOSTILE); // prettier-ignore
    expect(text).not.toContain('<script');
    expect(text).toContain('&lt;script');
  });
});

describe('a percentile plot', () => {
  it.each([10, 1e4, 1e6, 1e9])('has the whole text of each percentile, of %d values', (count) => {
    const lines = [{ label: 'x', column: 0, points: [{ x: 0, y: 1000 }] }];
    const input = { ...NAMES, lines, quantity: 'ns' as const, label: 'time' };
    const text = svg(percentileChart({ ...input, count }));
    const shown = [...text.matchAll(/<text x="([\d.]+)" y="179" [^>]*>([^<]+)</g)];
    expect(shown.length).toBeGreaterThan(1);
    // Digits of DejaVu Sans at 10.5 pixels.
    const ends = shown.map(([, at, percent]) => {
      const half = (percent!.length * 6.7) / 2;
      return { left: Number(at) - half, right: Number(at) + half };
    });
    expect(ends.at(-1)!.right).toBeLessThanOrEqual(360);
    for (const [index, { left }] of ends.entries())
      if (index > 0) expect(left).toBeGreaterThan(ends[index - 1]!.right);
  });

  it('ends inside the plot whatever the count', () => {
    const points = [
      { x: 0, y: 100 },
      { x: 99.5, y: 1e6 },
      { x: 99.99, y: 1e6 },
    ];
    const lines = [{ label: 'one', column: 0, points }];
    const input = { ...NAMES, lines, quantity: 'ns', label: 'time' } as const;
    const text = svg(percentileChart({ ...input, count: 200 }));
    const xs = [...text.matchAll(/[ML]([\d.]+),/g)].map(([, x]) => Number(x));
    expect(Math.max(...xs)).toBeLessThanOrEqual(338);
    expect(text).toMatch(/<title>99 %\none: 100 ns/);
  });
});

describe('thinning', () => {
  const points = Array.from({ length: 10_000 }, (_, x) => ({ x, y: x === 7777 ? 1e6 : x % 10 }));

  it('keeps few points, the ends, the order, and every peak', () => {
    const few = thinned(points, 100);
    expect(few.length).toBeLessThanOrEqual(100);
    expect(few.length).toBeGreaterThan(90);
    expect([few[0], few.at(-1)]).toEqual([points[0], points.at(-1)]);
    expect(few).toContain(points[7777]);
    expect(few.map(({ x }) => x)).toEqual(few.map(({ x }) => x).sort((a, b) => a - b));
  });

  it('leaves short lines as they are', () => {
    expect(thinned(points.slice(0, 50), 50)).toHaveLength(50);
  });
});

describe('layers', () => {
  it('lie on each other without a gap', () => {
    const text = svg(
      stackedAreaChart({
        ...{ ...NAMES, layers: ['low', 'high'], times: [0, 10], timeMax: 10, totalMax: 10 },
        ...{ values: [[5, 5], [5, 5]], quantity: 'count', label: 'pages' }, // prettier-ignore
      }),
    );
    // 10 pages fill the plot from 164 to 24: 5 of them end at 94, where the next layer begins.
    expect(text).toContain('class="area p0" d="M50,94L338,94L338,164L50,164Z"');
    expect(text).toContain('class="area p1" d="M50,24L338,24L338,94L50,94Z"');
    expect(text).toMatch(/<title>at 0 ns\nlow: 5\nhigh: 5<\/title>/);
  });
});

describe('bars', () => {
  it('are as long as their share of the longest', () => {
    const bar = (label: string, value: number) => ({
      label,
      segments: [{ label: 'term', column: 0, value }],
    });
    const bars = [bar('a', 100), bar('b', 25)];
    const text = svg(stackedBarChart({ ...NAMES, bars, quantity: 'bytes' }));
    const widths = [...text.matchAll(/width="([\d.]+)"/g)].map(([, width]) => Number(width));
    expect(widths).toEqual([352, 88]);
  });

  it('leave out names that would touch', () => {
    const bars = Array.from({ length: 20 }, (_, index) => ({ label: `${2 ** index}`, value: 1 }));
    const scale = { max: 1, column: 0, quantity: 'count' } as const;
    const text = svg(barChart({ ...NAMES, bars, label: 'n', classes: 'of', ...scale }));
    expect(text.match(/<rect/g)).toHaveLength(20);
    const names = text.match(/text-anchor="middle">\d+/g);
    expect(names!.length).toBeGreaterThan(4);
    expect(names!.length).toBeLessThan(10);
  });
});

describe('a slot map', () => {
  const cell = (index: number, counts: readonly number[]) => ({
    ...{ firstSlot: index * 8, slots: 8, counts },
  });

  it('colours a cell by what most of its taken slots are, stronger where more are taken', () => {
    expect(lookOf(cell(0, [8, 0, 0, 0, 0, 0]))).toBe('slot s0');
    expect(lookOf(cell(0, [7, 1, 0, 0, 0, 0]))).toBe('slot s1 i1');
    expect(lookOf(cell(0, [0, 3, 5, 0, 0, 0]))).toBe('slot s2 i4');
  });

  it('has every slot in some mark, whatever is put together', () => {
    const cells = Array.from({ length: 1000 }, (_, index) =>
      cell(index, index % 3 === 0 ? [8, 0, 0, 0, 0, 0] : [4, 4, 0, 0, 0, 0]),
    );
    const text = svg(slotMapChart({ ...NAMES, cells }));
    const total = (state: string): number =>
      [...text.matchAll(new RegExp(`([\\d,]+) ${state}`, 'g'))].reduce(
        (sum, [, count]) => sum + Number(count!.replaceAll(',', '')),
        0,
      );
    expect(total('free')).toBe(334 * 8 + 666 * 4);
    expect(total('written')).toBe(666 * 4);
    expect(text.match(/<rect/g)!.length).toBeLessThanOrEqual(512);
  });
});

describe('numbers', () => {
  it('are short, in units, with thousands apart, the same everywhere', () => {
    expect(quantityText('bytes', 1536)).toBe('1.5 KiB');
    expect(quantityText('bytes', 0)).toBe('0 B');
    expect(quantityText('ns', 1234)).toBe('1.23 µs');
    expect(quantityText('count', 1234567)).toBe('1,234,567');
    expect(grouped(0.221734)).toBe('0.2217');
    expect(grouped(12345.6)).toBe('12,346');
    expect(grouped(-1234)).toBe('-1,234');
    expect(grouped(-0.5)).toBe('-0.5');
    expect(grouped(12345.6, 7)).toBe('12,345.6');
    expect(tickText(25000)).toBe('25k');
    expect(grouped(2 ** 60)).toBe('1.153e+18');
  });

  it('have the fewest digits with which those that differ read differently', () => {
    const time = (ns: number, digits: number): string => quantityText('ns', ns, digits);
    expect(tellingDigits([1.5e9, 2e9, 2e9], time)).toBe(3);
    expect(tellingDigits([1.003e9, 1.004e9], time)).toBe(4);
    expect(tellingDigits([1, 1 + 1e-15], time)).toBe(12);
    expect(time(1.003e9, 4)).toBe('1.003 s');
  });
});

describe('colours', () => {
  it('with dashes are another pair for each of many lines, which are all drawn', () => {
    const lines = Array.from({ length: 20 }, (_, column) => ({
      ...{ label: `column ${column}`, column },
      points: [
        { x: 0, y: 1 },
        { x: 1, y: 2 },
      ],
    }));
    const text = svg(timeChart({ ...NAMES, lines, quantity: 'count', label: 'pages' }));
    const looks = [...text.matchAll(/class="line (c[0-7] d[0-7])"/g)].map(([, look]) => look);
    expect(new Set(looks).size).toBe(20);
  });

  /** WCAG 2.2, relative luminance. */
  const luminance = (colour: string): number => {
    const [red, green, blue] = [1, 3, 5].map((at) => {
      const part = parseInt(colour.slice(at, at + 2), 16) / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
  };
  const contrast = (a: string, b: string): number => {
    const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (high! + 0.05) / (low! + 0.05);
  };

  it('stand out from the background by 4.5 to 1 in light and dark', () => {
    for (const colour of COLOURS.light) expect(contrast(colour, '#ffffff')).toBeGreaterThan(4.5);
    for (const colour of COLOURS.dark) expect(contrast(colour, '#141418')).toBeGreaterThan(4.5);
  });

  it('come with as many dashes, no two alike', () => {
    expect(new Set(DASHES).size).toBe(COLOURS.light.length);
  });
});
