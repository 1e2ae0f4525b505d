import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import { UsageError } from '../../../src/units/index.ts';
import { oracleGeneral } from '../../../src/workload/importers/oracle-general.ts';
import { expectCutsAlike, imported } from './recorder.ts';

const sample = readFileSync(
  new URL('../../../fixtures/memory-traces/cloud-physics.oracleGeneral', import.meta.url),
);

interface Row {
  time?: number;
  object: bigint;
  size: number;
  next?: bigint;
}

function records(...rows: readonly Row[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(24 * rows.length));
  rows.forEach(({ time = 0, object, size, next = -1n }, i) => {
    view.setUint32(24 * i, time, true);
    view.setBigUint64(24 * i + 4, object, true);
    view.setUint32(24 * i + 12, size, true);
    view.setBigInt64(24 * i + 16, next, true);
  });
  return new Uint8Array(view.buffer);
}

/** The same in the plainest way: a Map of BigInt, all records at once. */
function expected(bytes: Uint8Array): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const runs = new Map<bigint, { first: number; pages: number }>();
  const said: string[] = [];
  let next = 0;
  for (let at = 0; at < bytes.length; at += 24) {
    const pages = Math.ceil(view.getUint32(at + 12, true) / 4096);
    if (pages === 0) continue;
    const object = view.getBigUint64(at + 4, true);
    let run = runs.get(object);
    const isNew = run === undefined || run.pages < pages;
    if (run !== undefined && isNew)
      for (let i = 0; i < run.pages; i++) said.push(`D${run.first + i}`);
    if (isNew) {
      run = { first: next, pages };
      next += pages;
      runs.set(object, run);
    }
    for (let i = 0; i < pages; i++) said.push(`${isNew ? 'W' : 'R'}${run!.first + i}`);
  }
  return said;
}

describe('an oracleGeneral trace', () => {
  it('is read as the plainest reading of its records says: a real trace', async () => {
    const said = await imported(oracleGeneral, sample);
    expect(said).toEqual(expected(sample));
    // The first requests, as libCacheSim's own tests have them: 512, 512, 512, 6656 bytes.
    expect(said.slice(0, 6)).toEqual(['W0', 'W1', 'W2', 'W3', 'W4', 'W5']);
    expect(said.filter((word) => word.startsWith('R')).length).toBeGreaterThan(50);
  });

  it('is read so whatever its records are, identifiers beyond 2^53 included', async () => {
    const row = fc.record({
      object: fc.oneof(
        fc.bigInt({ min: 0n, max: 5n }),
        fc.bigInt({ min: 2n ** 64n - 3n, max: 2n ** 64n - 1n }),
        fc.bigInt({ min: 2n ** 53n - 2n, max: 2n ** 53n + 2n }),
        fc.constantFrom(1n << 32n, 2n << 32n),
      ),
      size: fc.integer({ min: 0, max: 20_000 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 60 }), async (rows) => {
        const bytes = records(...rows);
        expect(await imported(oracleGeneral, bytes, { sizes: [50] })).toEqual(expected(bytes));
      }),
      { seed: 4 },
    );
  });

  it('tells thousands of objects apart', async () => {
    const rows = Array.from({ length: 20_000 }, (_, i) => ({
      object: BigInt((i * 7919) % 9001) << 24n,
      size: 1,
    }));
    const bytes = records(...rows);
    expect(await imported(oracleGeneral, bytes)).toEqual(expected(bytes));
  });

  it('gives the same accesses however the stream is cut', async () => {
    await expectCutsAlike(oracleGeneral, sample.subarray(0, 24 * 40));
  });

  it('is of addresses when asked: requests overlap, and touch the pages they reach into', async () => {
    const bytes = records(
      { object: 8n, size: 4096 },
      { object: 0n, size: 8192 },
      { object: 15n, size: 1024 },
      { object: 2n ** 61n, size: 512 },
    );
    const sector = { address: true, unit: '512' };
    await expect(imported(oracleGeneral, bytes, { options: sector })).rejects.toThrow(
      'trace: record 4 at byte 72: address 1180591620717411303424 is too large; accepted: up to 2^64',
    );
    const three = bytes.subarray(0, 72);
    expect(await imported(oracleGeneral, three, { options: sector })).toEqual(
      ['W1', 'W0', 'R1', 'R1', 'W2'], // page 1, pages 0 and 1, the ends of 1 and the begin of 2
    );
    const high = records({ object: 2n ** 64n - 4096n, size: 1 });
    expect(await imported(oracleGeneral, high, { options: { address: true } })).toEqual([
      `W${2 ** 52 - 1}`,
    ]);
  });

  it('has phases of as many seconds as asked, and ends at the limit', async () => {
    const bytes = records(
      { time: 100, object: 1n, size: 1 },
      { time: 109, object: 1n, size: 1 },
      { time: 110, object: 1n, size: 1 },
      { time: 105, object: 1n, size: 1 },
      { time: 145, object: 1n, size: 1 },
      { time: 146, object: 2n, size: 1 },
    );
    const options = { phaseEvery: '10', limit: '5' };
    expect(await imported(oracleGeneral, bytes, { options })).toEqual([
      '[0 to 10]',
      'W0',
      'R0',
      '[10 to 20]',
      'R0',
      'R0',
      '[40 to 50]',
      'R0',
    ]);
  });

  it('says where a file ends in the middle of a record', async () => {
    for (const sizes of [[7], [24], [1000]])
      await expect(imported(oracleGeneral, sample.subarray(0, 250), { sizes })).rejects.toThrow(
        new UsageError('trace: record 11 at byte 240: has 10 bytes; accepted: records of 24 bytes'),
      );
  });

  it('says that text is no such trace', async () => {
    const text = Buffer.from('version,time,op,size,lbn\n1,5633898,2a,512,42932745\n');
    await expect(imported(oracleGeneral, text)).rejects.toThrow(
      new UsageError(
        'trace: record 1 at byte 0: next request is 7954038829826599283; accepted: -1 or the ' +
          'number of a later request (is this an oracleGeneral trace?)',
      ),
    );
  });

  it('names options that are not accepted', async () => {
    const given = (options: Record<string, string | boolean>): Promise<string[]> =>
      imported(oracleGeneral, sample, { options });
    await expect(given({ limit: '-3' })).rejects.toThrow(
      new UsageError("--limit: '-3' is not accepted; accepted: a whole number from 1"),
    );
    await expect(given({ address: true, unit: '0' })).rejects.toThrow(
      new UsageError("--unit: '0' is not accepted; accepted: a whole number 1 to 1048576"),
    );
    await expect(given({ unit: '512' })).rejects.toThrow('--unit: is of use only with --address');
  });
});
