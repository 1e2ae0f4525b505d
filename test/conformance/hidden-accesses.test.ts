/** What the TLB of an import hides must not change what a run makes of the trace. */
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import type { RunResult } from '../../src/machine/index.ts';
import { AccessWorkload, importers, parseAccessTrace } from '../../src/workload/index.ts';
import { runSmall, sum } from '../machine/support.ts';
import { MemoryFile, newWriter } from '../workload/accesses/support.ts';

const LACKEY = new URL('../../fixtures/memory-traces/mawk.lackey.gz', import.meta.url);

async function imported(tlbEntries: number): Promise<Uint8Array> {
  const file = new MemoryFile();
  const writer = newWriter(file, { tlbEntries });
  const bytes = createReadStream(LACKEY).pipe(createGunzip());
  const input = { input: bytes, source: 'mawk', options: {}, seed: 1 };
  await importers['lackey']!.read(input, writer);
  writer.finish();
  return file.bytes;
}

function run(bytes: Uint8Array, memoryPages: number): Promise<RunResult> {
  const workload = new AccessWorkload(parseAccessTrace(bytes, 'mawk'));
  const areas = [{ pages: 1024 }];
  return runSmall({ trace: 'pages 1\n', workload, memoryPages, areas, payload: 'none' });
}

describe('an access trace that a TLB of 64 entries hid accesses of', () => {
  let all: Uint8Array;
  let some: Uint8Array;

  beforeAll(async () => {
    all = await imported(0);
    some = await imported(64);
  });

  // Once every page was kept only when it was loaded: the hottest were swapped out for good, and
  // major faults were 24 and 30 % more.
  it.each([174, 250])('faults in %i pages of memory as with all accesses', async (memoryPages) => {
    const [whole, hidden] = [await run(all, memoryPages), await run(some, memoryPages)];
    const ratio = (counter: string): number => sum(hidden, counter) / sum(whole, counter);
    expect(sum(whole, 'pswpin')).toBeGreaterThan(500);
    expect(Math.abs(ratio('pswpin') - 1)).toBeLessThan(0.02);
    expect(Math.abs(ratio('pswpout') - 1)).toBeLessThan(0.03);
    expect(Math.abs(ratio('pgmajfault') - 1)).toBeLessThan(0.06);
  });
});
