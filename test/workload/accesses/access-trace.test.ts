import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/units/index.ts';
import {
  AccessWorkload,
  createOperationBatch,
  OP,
  parseAccessTrace,
} from '../../../src/workload/index.ts';
import { ACCESS, type AccessKind } from '../../../src/workload/importers/importer.ts';
import { MemoryFile, newWriter, traceBytes, type Access } from './support.ts';

interface Operation {
  readonly page: number;
  readonly kind: number;
  readonly phase: number;
}

/** What the operations of a trace's file are, with pages as they were traced. */
function operationsOf(bytes: Uint8Array, batchLength = 7): Operation[] {
  const trace = parseAccessTrace(bytes, 'test');
  const workload = new AccessWorkload(trace);
  const batch = createOperationBatch(batchLength);
  return workload.phases.flatMap((_, phase) => {
    const operations: Operation[] = [];
    workload.startPhase(phase);
    for (;;) {
      workload.fill(batch);
      if (batch.count === 0) return operations;
      for (let i = 0; i < batch.count; i++)
        operations.push({ page: trace.originals[batch.page[i]!]!, kind: batch.kind[i]!, phase });
    }
  });
}

/** What must come of accesses when none is hidden. */
function expectedOf(phases: readonly (readonly Access[])[]): Operation[] {
  const there = new Set<number>();
  const written = new Set<number>();
  let phase = -1;
  return phases.flatMap((accesses) => {
    const operations: Operation[] = [];
    for (const { page, kind } of accesses) {
      if (kind === ACCESS.drop) {
        if (there.has(page)) operations.push({ page, kind: OP.drop, phase: phase + 1 });
        there.delete(page);
        written.delete(page);
        continue;
      }
      const isFirst = kind === ACCESS.store && !written.has(page);
      const plain = kind === ACCESS.read ? OP.read : kind === ACCESS.store ? OP.modify : OP.write;
      operations.push({ page, kind: isFirst ? OP.write : plain, phase: phase + 1 });
      there.add(page);
      if (kind !== ACCESS.read) written.add(page);
    }
    // A phase without operations is none.
    if (operations.length > 0) phase += 1;
    return operations;
  });
}

const access = fc.record({
  page: fc.oneof(
    { weight: 4, arbitrary: fc.nat(40) },
    fc.nat(2 ** 31 - 1),
    fc.nat(Number.MAX_SAFE_INTEGER),
  ),
  kind: fc.constantFrom<AccessKind>(ACCESS.read, ACCESS.store, ACCESS.write, ACCESS.drop),
  length: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 4096 })),
});
const phases = fc.array(fc.array(access), { minLength: 1, maxLength: 6 });

describe('an access trace', () => {
  it('has every access again when it is read, whatever the pages and the batches', () => {
    fc.assert(
      fc.property(phases, fc.integer({ min: 1, max: 9 }), (given, batchLength) => {
        const expected = expectedOf(given);
        fc.pre(expected.length > 0);
        expect(operationsOf(traceBytes(given), batchLength)).toEqual(expected);
      }),
    );
  });

  it('numbers pages by their addresses, without gaps', () => {
    const kind = ACCESS.read;
    const bytes = traceBytes([[900, 2 ** 40, 7, 8, 900].map((page) => ({ page, kind }))]);
    const trace = parseAccessTrace(bytes, 'test');
    expect([...trace.originals]).toEqual([7, 8, 900, 2 ** 40]);
    expect([...trace.pageOf]).toEqual([2, 3, 0, 1]);
  });

  it('without phases of its own is cut into parts of equal length', () => {
    const file = new MemoryFile();
    const writer = newWriter(file, { parts: 3 });
    for (let page = 0; page < 10; page++) writer.access(page % 4, ACCESS.store, 0);
    expect(writer.finish()).toMatchObject({ kept: 10, pages: 4, pagesWritten: 4, stores: 10 });
    const trace = parseAccessTrace(file.bytes, 'test');
    expect(trace.phases.map(({ label, count }) => [label, count])).toEqual([
      ['part 1 of 3', 3],
      ['part 2 of 3', 3],
      ['part 3 of 3', 4],
    ]);
    const pages = operationsOf(file.bytes).map(({ page }) => page);
    expect(pages).toEqual([0, 1, 2, 3, 0, 1, 2, 3, 0, 1]);
  });

  it('goes out in parts, with the counts of a long one right', () => {
    const file = new MemoryFile();
    const writer = newWriter(file);
    const count = 300_000;
    for (let i = 0; i < count; i++) writer.access((i * 7919) % 5000, ACCESS.read, 0);
    expect(writer.finish().kept).toBe(count);
    const operations = operationsOf(file.bytes, 1024);
    expect(operations.length).toBe(count);
    expect(operations.every(({ page }, i) => page === (i * 7919) % 5000)).toBe(true);
  });

  it('longer than can be read is refused while it is written', () => {
    const write = (fileBytesMax: number): unknown => {
      const writer = newWriter(new MemoryFile(), { fileBytesMax });
      for (let page = 0; page < 300_000; page++) writer.access(page, ACCESS.read, 0);
      return fileBytesMax < 262_144 ? 'went on' : writer.finish();
    };
    const mistake = /^test: makes an access trace that is too long; accepted: up to \d+ bytes/;
    expect(() => write(200_000)).toThrow(mistake);
    expect(() => write(400_000)).toThrow(mistake);
  });

  it('without accesses is a mistake', () => {
    expect(() => newWriter(new MemoryFile()).finish()).toThrow(
      new UsageError('test: has no accesses'),
    );
  });
});

const whole = traceBytes([
  Array.from({ length: 60 }, (_, i) => ({ page: (i * i) % 37, kind: (i % 4) as AccessKind })),
  Array.from({ length: 60 }, (_, i) => ({ page: i, kind: ACCESS.write, length: 1 + 60 * i })),
]);

/** With the hash that its contents have. */
function sealed(bytes: Uint8Array): Uint8Array {
  const digest = createHash('sha256').update(bytes.subarray(128)).update(bytes.subarray(0, 96));
  const copy = Uint8Array.from(bytes);
  copy.set(digest.digest(), 96);
  return copy;
}

function mistakeOf(bytes: Uint8Array): string {
  try {
    operationsOf(bytes);
    return '';
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
}

describe('a damaged access trace', () => {
  it('is refused with the offset wherever it was cut off', () => {
    for (let length = 0; length < whole.length; length++)
      expect(mistakeOf(whole.subarray(0, length))).toMatch(/^test: byte \d+: /);
    expect(mistakeOf(whole)).toBe('');
  });

  it('is refused whichever bit was changed', () => {
    for (let at = 0; at < whole.length; at++) {
      const bytes = Uint8Array.from(whole);
      bytes[at]! ^= 1 << (at % 8);
      expect(mistakeOf(bytes)).toMatch(/^test: byte \d+: /);
    }
  });

  it('that has a right hash is refused or read, and nothing else', () => {
    const change = fc.record({ at: fc.nat(whole.length - 1), to: fc.nat(255) });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 5 }), (changes) => {
        const bytes = Uint8Array.from(whole);
        for (const { at, to } of changes) bytes[at] = to;
        expect(mistakeOf(sealed(bytes))).toMatch(/^$|^test: byte \d+: /);
      }),
      { numRuns: 1000 },
    );
  });

  it('is no reason to allocate what its header promises', () => {
    const bytes = Buffer.from(whole);
    bytes.writeUInt32LE(0x0fffffff, 72);
    expect(mistakeOf(sealed(bytes))).toBe('test: byte 72: pages: 268435455');
    const many = Buffer.from(whole);
    many.writeBigUInt64LE(1n << 52n, 48);
    expect(mistakeOf(sealed(many))).toBe('test: byte 48: operations: 4503599627370496');
  });
});
