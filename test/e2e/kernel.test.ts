import { spawnSync } from 'node:child_process';
import { readFileSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Workplace } from './swaplab.ts';

/** statfs types that hold pages in memory: an area there could swap onto itself. */
const MEMORY_FILESYSTEMS = [0x01021994, 0x858458f6, 0x794c7630];

const isRoot = process.platform === 'linux' && process.getuid?.() === 0;
const isOnDisk = !MEMORY_FILESYSTEMS.includes(statfsSync(tmpdir()).type);

function system(program: string, ...args: readonly string[]): number | null {
  return spawnSync(program, args, { timeout: 20_000, stdio: 'ignore' }).status;
}

let place: Workplace;
beforeEach(() => {
  place = new Workplace();
});
afterEach(() => {
  place.remove();
});

describe("the kernel's own swapon (needs root, and a disk under the temporary folder)", () => {
  it.skipIf(!isRoot || !isOnDisk)(
    'takes an area that mkswap made, and gives it back',
    (context) => {
      expect(place.swaplab('mkswap', '-q', '-F', '-s', '40M', '-L', 'ours', 'a.swap').code).toBe(0);
      const path = place.path('a.swap');
      const before = readFileSync(path).subarray(0, 4096);
      const status = system('swapon', path);
      // A container may be root and still not be allowed to.
      if (status !== 0 && readFileSync('/proc/self/status', 'utf8').includes('CapEff:\t0000'))
        context.skip('swapon is not permitted here');
      try {
        expect(status).toBe(0);
        const line = readFileSync('/proc/swaps', 'utf8')
          .split('\n')
          .find((each) => each.startsWith(path));
        // 40 MiB without the header page, in KiB.
        expect(line?.split(/\s+/).slice(1, 3)).toEqual(['file', '40956']);
      } finally {
        expect(system('swapoff', path)).toBe(0);
      }
      expect(readFileSync(path).subarray(0, 4096)).toEqual(before);
    },
  );
});
