/** The figure of writeback: the batches that it compares do the same work in fewer calls. */
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { measureWriteback, type WritebackRound } from '../../cli/bench-writeback.ts';
import { FileDevice } from '../../src/device/index.ts';

const PAGES = 131_072;

async function round(path: string, batch: number): Promise<WritebackRound> {
  const device = FileDevice.open(path);
  const area = {
    type: 0,
    name: path,
    kind: 'file',
    maxPages: PAGES,
    badPages: [],
    priority: 0,
    profile: 'nvme',
    device,
    problem: () => device.problem,
  } as const;
  try {
    return await measureWriteback(area, batch, 0.05);
  } finally {
    device.close();
  }
}

it('writeback in batches writes the same pages as one by one, in fewer calls', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'swaplab-test-'));
  try {
    const path = join(folder, 'a.swap');
    writeFileSync(path, '');
    truncateSync(path, PAGES * 4096);
    const single = await round(path, 1);
    const batched = await round(path, 32);
    expect(single.pages).toBe(614);
    expect(batched.pages).toBe(single.pages);
    expect(single.ios).toBe(single.pages);
    expect(batched.ios).toBeLessThanOrEqual(single.ios / 16);
    expect(batched.pagesPerSecond).toBeGreaterThan(0);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 60_000);
