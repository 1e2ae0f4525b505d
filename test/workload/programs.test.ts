import { describe, expect, it } from 'vitest';
import { createOperationBatch, createWorkload, OP } from '../../src/workload/index.ts';
import { UsageError, type VirtualPage } from '../../src/units/index.ts';

const options = { seed: 1, option: '--workload' };

function page(): Buffer {
  return Buffer.from(new ArrayBuffer(4096));
}

describe('usemem', () => {
  it('writes word i of the mapping into its place, in order, task by task', () => {
    const usemem = createWorkload('usemem', ['-n', '2', '-O', '-y', '-x', '512k'], options);
    expect([usemem.taskCount, usemem.pagesPerTask]).toEqual([2, 128]);
    const batch = createOperationBatch(1024);
    usemem.startPhase(0);
    const turns: string[] = [];
    for (;;) {
      usemem.fill(batch);
      if (batch.count === 0) break;
      turns.push(`${batch.task[0]!}:${batch.page[0]!}+${batch.count}`);
    }
    expect(turns).toEqual(['0:0+64', '1:0+64', '0:64+64', '1:64+64']);
    const bytes = page();
    usemem.apply(OP.write, 0, 3 as VirtualPage, bytes);
    expect(bytes.readBigUInt64LE(0)).toBe(3n * 512n);
    expect(bytes.readBigUInt64LE(4088)).toBe(3n * 512n + 511n);
  });

  it('prints the lines of the real program', () => {
    const usemem = createWorkload('usemem', ['--init-time', '1g'], options);
    const lines = usemem.report?.({ accessNs: [2e9], freeNs: [5e6], initNs: 1.5e9 });
    expect(lines).toEqual([
      'the initialization time is 1 secs 500000 usecs',
      '1207959552 bytes / 2000000 usecs = 589824 KB/s',
      '5000 usecs to free memory',
    ]);
  });

  it('touches random words with -R, drawn as lrand48 draws them', () => {
    const usemem = createWorkload('usemem', ['-R', '8k'], { ...options, seed: 0 });
    const batch = createOperationBatch(2048);
    usemem.startPhase(0);
    usemem.fill(batch);
    expect(batch.count).toBe(1024);
    // srand48(0), lrand48(): 366850414, 1610402240 on any POSIX system; index = 1023 × r / 2^31.
    const bytes = page();
    expect(batch.page[0]).toBe(Math.floor((1023 * 366850414) / 2 ** 31 / 512));
    usemem.apply(OP.modify, 0, batch.page[0]! as VirtualPage, bytes);
    expect(bytes.readBigUInt64LE(174 * 8)).toBe(174n);
    const expected = page();
    usemem.expected(0, 0 as VirtualPage, expected);
    expect(expected).toEqual(bytes);
  });

  it.each([
    [['-Z', '1m'], /option '-Z' is not supported; usage: usemem/],
    [[], /takes one SIZE, not 0/],
    [['-n', '0', '1m'], /'0' is no number of tasks/],
    [['5q'], /'5q' is no size/],
    [['5000'], /no multiple of the page size/],
  ])('refuses %j', (args, message) => {
    expect(() => createWorkload('usemem', args, options)).toThrow(UsageError);
    expect(() => createWorkload('usemem', args, options)).toThrow(message);
  });
});

describe('memhog', () => {
  it('fills everything with 0xff, as often as asked, and prints a dot for 10 MiB', () => {
    const memhog = createWorkload('memhog', ['-r2', '25m'], options);
    expect(memhog.phases.map((phase) => phase.kind)).toEqual(['operations', 'operations', 'exit']);
    const bytes = page();
    memhog.apply(OP.write, 0, 0 as VirtualPage, bytes);
    expect(bytes.every((byte) => byte === 0xff)).toBe(true);
    expect(memhog.report?.({ accessNs: [], freeNs: [], initNs: 0 })).toEqual(['...', '...']);
  });
});

describe('an unknown workload', () => {
  it('is an error that names what there is', () => {
    expect(() => createWorkload('redis', [], options)).toThrow(/accepted: usemem, memhog/);
  });
});
