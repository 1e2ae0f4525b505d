import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import {
  createOperationBatch,
  Mulberry32,
  OP,
  parseTrace,
  TraceWorkload,
} from '../../src/workload/index.ts';
import { UsageError, type VirtualPage } from '../../src/units/index.ts';

const fixtures = new URL('../../fixtures/traces/', import.meta.url);

function workload(text: string): TraceWorkload {
  return new TraceWorkload(parseTrace(text, 'test'), { file: null });
}

function draws(text: string, phase = 0): number[] {
  const trace = workload(text);
  const batch = createOperationBatch(7);
  const pages: number[] = [];
  trace.startPhase(phase);
  for (;;) {
    trace.fill(batch);
    if (batch.count === 0) return pages;
    pages.push(...batch.page.subarray(0, batch.count));
  }
}

/** The format's text, written down once more without the tricks of the program. */
function* mulberry(seed: number): Generator<number> {
  const mod = 2n ** 32n;
  let s = BigInt(seed);
  for (;;) {
    s = (s + 0x6d2b79f5n) % mod;
    let t = s;
    t = ((t ^ (t >> 15n)) * (t | 1n)) % mod;
    t = t ^ ((t + (((t ^ (t >> 7n)) * (t | 61n)) % mod)) % mod);
    yield Number(t ^ (t >> 14n));
  }
}

describe('mulberry32', () => {
  it('gives what the formula of the format gives', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffffff }), (seed) => {
        const stream = new Mulberry32(seed);
        const words = new Uint32Array(5);
        new Mulberry32(seed).fill(words, 1, 4);
        const expected = mulberry(seed);
        for (let i = 0; i < 4; i++) {
          const next = expected.next().value;
          expect(stream.next()).toBe(next);
          expect(words[i + 1]).toBe(next);
        }
      }),
      { seed: 3 },
    );
  });
});

describe('the draws of a trace', () => {
  it('go round in order', () => {
    expect(draws('pages 9\nR 2 3 seq 5 1 -')).toEqual([2, 3, 4, 2, 3]);
    expect(draws('pages 9\nR 2 3 rev 5 1 -')).toEqual([4, 3, 2, 4, 3]);
  });

  it('are random as the format says', () => {
    const stream = mulberry(77);
    const rand = Array.from({ length: 20 }, () => 5 + ((stream.next().value as number) % 40));
    expect(draws('pages 60\nR 5 40 rand 20 77 -')).toEqual(rand);
    const hot = mulberry(78);
    const next = (): number => hot.next().value as number;
    const expected = Array.from({ length: 50 }, () =>
      (next() & 3) !== 0 ? next() % 5 : next() % 40,
    );
    expect(draws('pages 60\nR 0 40 hot 50 78 -')).toEqual(expected);
  });
});

describe('the contents of a trace', () => {
  function written(content: string, page: number): Buffer {
    const trace = workload(`pages 100\nR 0 1 seq 1 1 -\nW 0 100 seq 100 1 ${content}`);
    trace.startPhase(1);
    const bytes = Buffer.from(new ArrayBuffer(4096));
    bytes.fill(0x55);
    trace.apply(OP.write, 0, page as VirtualPage, bytes);
    return bytes;
  }

  function words(page: number, count: number): Buffer {
    const bytes = Buffer.alloc(4096);
    const operation = 2;
    const seed = (Math.imul(page, 0x9e3779b1) ^ Math.imul(operation, 0x85ebca6b)) >>> 0;
    const stream = mulberry(seed);
    for (let i = 0; i < count; i++) bytes.writeUInt32LE(stream.next().value as number, i * 4);
    return bytes;
  }

  it('are streams of words with zeros behind', () => {
    expect(written('rand', 3)).toEqual(words(3, 1024));
    expect(written('mix:1023', 5)).toEqual(words(5, 255));
    expect(written('spread', 7)).toEqual(words(7, ((7 * 37) % 33) * 32));
  });

  it('have a word where spread gives none', () => {
    const bytes = Buffer.alloc(4096);
    bytes.writeUInt32LE(67, 0);
    // (66 × 37) mod 33 is 0.
    expect(written('spread', 66)).toEqual(bytes);
  });

  it('are one byte everywhere, or zeros', () => {
    expect(written('fill:a5', 1)).toEqual(Buffer.alloc(4096, 0xa5));
    expect(written('zero', 1)).toEqual(Buffer.alloc(4096));
  });
});

describe('what a page must hold', () => {
  /** Applies every operation of a trace to plain buffers, and to tags. */
  function play(text: string): void {
    const bytesSide = workload(text);
    const tagSide = workload(text);
    tagSide.setSampleLengths(tagSide.samples().map((_, i) => 40 + i));
    const { pagesPerTask } = bytesSide;
    const memory = Buffer.from(new ArrayBuffer(pagesPerTask * 4096));
    const view = (page: number): Buffer => memory.subarray(page * 4096, (page + 1) * 4096);
    const tags = new Uint32Array(pagesPerTask);
    const batch = createOperationBatch(16);
    bytesSide.phases.forEach((_, phase) => {
      bytesSide.startPhase(phase);
      tagSide.startPhase(phase);
      for (;;) {
        bytesSide.fill(batch);
        if (batch.count === 0) break;
        for (let i = 0; i < batch.count; i++) {
          const page = batch.page[i]! as VirtualPage;
          const kind = batch.kind[i]!;
          if (kind === OP.read) continue;
          if (kind === OP.drop) {
            view(page).fill(0);
            tags[page] = 0;
            bytesSide.dropped(0, page);
            tagSide.dropped(0, page);
          } else {
            bytesSide.apply(kind, 0, page, view(page));
            tags[page] = tagSide.applyTag(kind, 0, page, tags[page]!);
          }
        }
      }
    });
    const expected = Buffer.from(new ArrayBuffer(4096));
    const zeros = Buffer.alloc(4096);
    for (let index = 0; index < pagesPerTask; index++) {
      const page = index as VirtualPage;
      bytesSide.expected(0, page, expected);
      expect(Buffer.compare(view(index), expected)).toBe(0);
      expect(tags[index]).toBe(tagSide.expectedTag(0, page));
      expect(tags[index] === 0).toBe(Buffer.compare(view(index), zeros) === 0);
    }
  }

  it('follows from writes, changes and drops, in bytes and in tags', () => {
    const line = fc
      .tuple(
        fc.constantFrom('W', 'M', 'M', 'D'),
        fc.constantFrom('zero', 'rand', 'mix:100', 'spread', 'fill:00', 'fill:7f'),
        fc.integer({ min: 1, max: 40 }),
        fc.nat(99),
      )
      .map(([verb, content, count, seed]) =>
        [verb, 0, 12, 'rand', count, seed, verb === 'W' ? content : '-'].join(' '),
      );
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 8 }), (lines) => {
        play(['pages 12', ...lines].join('\n'));
      }),
      { seed: 5, numRuns: 100 },
    );
  });

  it('does not follow from what a forked child does', () => {
    const trace = workload('pages 2\nW 0 2 seq 2 1 rand\nFW 0 2 seq 2 1 zero');
    const bytes = Buffer.from(new ArrayBuffer(4096));
    trace.startPhase(0);
    trace.apply(OP.write, 0, 1 as VirtualPage, bytes);
    const before = Buffer.from(bytes);
    trace.startPhase(1);
    trace.apply(OP.write, 0, 1 as VirtualPage, bytes);
    trace.expected(0, 1 as VirtualPage, bytes);
    expect(bytes).toEqual(before);
  });
});

describe('the traces of the captures', () => {
  it.each(readdirSync(fixtures).filter((name) => name.endsWith('.trace')))('parse: %s', (name) => {
    const trace = parseTrace(readFileSync(new URL(name, fixtures), 'utf8'), name);
    expect(trace.pages).toBeGreaterThan(1000);
    expect(trace.steps.length).toBeGreaterThan(1);
  });
});

describe('a line that writes to a zram', () => {
  it('is a phase with what was written', () => {
    const { phases } = workload(
      'pages 10\nzram area1  writeback page_index=3  page_index=5 # two\nR 0 1 seq 1 1 -',
    );
    expect(phases[0]).toEqual({
      kind: 'zram',
      label: 'zram area1 writeback page_index=3 page_index=5',
      path: 'area1',
      setting: {
        attribute: 'writeback',
        flags: 0,
        ranges: [
          { first: 3, last: 3 },
          { first: 5, last: 5 },
        ],
      },
    });
  });
});

describe('a trace with a mistake', () => {
  it.each([
    ['', /t:1: no 'pages N' line/],
    ['pages 10', /no operation/],
    ['R 0 1 seq 1 1 -', /t:1: 'R' before 'pages N'/],
    ['pages', /t:1: 'pages' takes one number/],
    ['pages 0', /t:1: pages 0 is out of range/],
    ['pages -3', /t:1: pages '-3' is no number/],
    ['pages 10\npages 10', /t:2: 'pages' stands once/],
    ['pages 10\n\n# note\nX 0 1 seq 1 1 -', /t:4: 'X' is no operation; accepted: W M R D/],
    ['pages 10\nR 0 1 seq 1 1', /t:2: 'R' takes 6 fields .* not 5/],
    ['pages 10\nR 0 0 seq 1 1 -', /t:2: count '0'/],
    ['pages 10\nR 8 3 seq 1 1 -', /t:2: pages 8 to 10 reach beyond/],
    ['pages 10\nR 0 1 sequ 1 1 -', /t:2: order 'sequ' is none; accepted: seq, rev, rand, hot/],
    ['pages 10\nR 0 7 hot 1 1 -', /t:2: order 'hot' needs a count of at least 8/],
    ['pages 10\nR 0 1 seq 4294967296 1 -', /t:2: draws '4294967296' is no number/],
    ['pages 10\nR 0 1 seq NaN 1 -', /t:2: draws 'NaN'/],
    ['pages 10\nR 0 1 seq 1.5 1 -', /t:2: draws '1.5'/],
    ['pages 10\nW 0 1 seq 1 1 -', /t:2: content '-' is none; accepted: rand, mix:K/],
    ['pages 10\nW 0 1 seq 1 1 mix:5000', /t:2: content 'mix:5000' is none/],
    ['pages 10\nW 0 1 seq 1 1 fill:zz', /t:2: content 'fill:zz' is none/],
    ['pages 10\nR 0 1 seq 1 1 rand', /t:2: content 'rand' on an operation that writes none/],
    ['pages 10\npause now', /t:2: 'pause' takes nothing behind it/],
    ['pages 10\nsleep soon', /t:2: sleep 'soon' is no number/],
    ['pages 10\ntask', /t:2: 'task' takes a name/],
    ['pages 10\nzram', /t:2: 'zram' takes AREA ATTRIBUTE VALUE/],
    ['pages 10\nzram zram0 idle', /t:2: 'zram' takes AREA ATTRIBUTE VALUE/],
    ['pages 10\nzram zram0 limit 1', /t:2: zram zram0: 'limit' is no attribute; accepted: idle,/],
    ['pages 10\nzram zram0 idle 1 2', /t:2: zram zram0: idle '1 2' is not accepted/],
    ['pages 10\ntask b\nFR 0 1 seq 1 1 -', /t:3: only the first task forks/],
  ])('ends in a message with the line: %j', (text, message) => {
    expect(() => parseTrace(text, 't')).toThrow(UsageError);
    expect(() => parseTrace(text, 't')).toThrow(message);
  });
});
