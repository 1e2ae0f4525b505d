/** An access trace under every design: each page holds what its last operations left in it. */
import { beforeAll, describe, expect, it } from 'vitest';
import { createCompressor } from '../../src/codec/index.ts';
import type { RunResult } from '../../src/machine/index.ts';
import { PAGE_SIZE } from '../../src/units/index.ts';
import {
  AccessWorkload,
  ContentWriter,
  Mulberry32,
  parseAccessTrace,
  wordsOfLength,
} from '../../src/workload/index.ts';
import { ACCESS, type AccessKind } from '../../src/workload/importers/importer.ts';
import { runSmall, sum } from '../machine/support.ts';
import { traceBytes, type Access } from '../workload/accesses/support.ts';
import { designsUnderTest } from './support/designs.ts';

const PAGES = 300;

/** All kinds of accesses in a mapping with gaps, lengths given and not. */
function accesses(count: number): Access[] {
  const stream = new Mulberry32(7);
  const kinds: readonly AccessKind[] = [
    ...[ACCESS.read, ACCESS.read, ACCESS.store, ACCESS.store, ACCESS.store],
    ...[ACCESS.write, ACCESS.write, ACCESS.drop],
  ];
  return Array.from({ length: count }, () => {
    const page = 0x1fff000 + 3 * (stream.next() % PAGES);
    const kind = kinds[stream.next() % kinds.length]!;
    const length = (stream.next() & 1) === 0 ? 0 : 1 + (stream.next() % PAGE_SIZE);
    return { page, kind, length };
  });
}

function workload(content: string): AccessWorkload {
  const half = accesses(3000);
  const bytes = traceBytes([half, half.toReversed()], { content });
  return new AccessWorkload(parseAccessTrace(bytes, 'test'));
}

describe.each(designsUnderTest)('an access trace under $label', ({ label, kind }) => {
  const run = (payload: 'bytes' | 'none', content: string): Promise<RunResult> =>
    runSmall({
      ...{ trace: 'pages 1\n', workload: workload(content), memoryPages: 90, ramPages: 1200 },
      areas: [{ pages: 2000, ghost: kind.areas === 'all-ghost' }],
      ...{ design: label, payload },
      zswap: { enabled: true, maxPoolPercent: 40 },
    });

  it('has every page right, of bytes and of tags', async () => {
    for (const [payload, content] of [
      ['bytes', 'spread'],
      ['none', 'spread'],
      ['bytes', 'zero'],
      ['none', 'fill:5a'],
    ] as const) {
      const result = await run(payload, content);
      const { verify, wrongPages } = result;
      expect({ verify, wrongPages }).toMatchObject({ verify: { mismatches: 0 }, wrongPages: 0 });
      expect(verify.pagesChecked).toBe(PAGES);
      const swapIns = ['pswpin', 'zswpin', 'swpin_zero'].map((name) => sum(result, name));
      expect(swapIns[0]! + swapIns[1]! + swapIns[2]!).toBeGreaterThan(500);
    }
  });
});

describe('the content of a write with a compressed length', () => {
  const lengths: number[] = [];
  beforeAll(() => {
    const lz4 = createCompressor('lz4', 'test');
    const writer = new ContentWriter(null);
    const target = Buffer.alloc(2 * PAGE_SIZE);
    for (let length = 0; length <= PAGE_SIZE; length++) {
      const bytes = Buffer.from(new ArrayBuffer(PAGE_SIZE));
      writer.write({ kind: 'mix', words: wordsOfLength(length) }, 5, length, bytes);
      lengths.push(lz4.compress(bytes, target));
    }
  });

  it('has that length with lz4, to 4 bytes', () => {
    for (let length = 32; length < PAGE_SIZE; length++)
      expect(Math.abs(lengths[length]! - length), String(length)).toBeLessThanOrEqual(4);
  });

  it('of a whole page cannot be compressed', () => {
    expect(lengths[PAGE_SIZE]).toBe(-1);
  });
});
