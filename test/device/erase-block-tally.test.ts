import { describe, expect, it } from 'vitest';
import { ERASE_BLOCK_BYTES, EraseBlockTally } from '../../src/device/erase-block-tally.ts';

const BLOCK = ERASE_BLOCK_BYTES;

function entered(...writes: readonly (readonly [offset: number, length: number])[]): number {
  const tally = new EraseBlockTally();
  for (const [offset, length] of writes) tally.note(offset, length);
  return tally.entered;
}

describe('a tally of erase blocks', () => {
  it('counts a block once while writing goes on in it', () => {
    expect(entered()).toBe(0);
    expect(entered([0, 4096], [4096, 4096], [BLOCK - 1, 1])).toBe(1);
    expect(entered([0, BLOCK])).toBe(1);
  });

  it('counts it again when writing comes back to it', () => {
    expect(entered([0, 4096], [BLOCK, 4096], [8192, 4096])).toBe(3);
  });

  it('counts each block of a write that spans some', () => {
    expect(entered([BLOCK - 4096, 8192])).toBe(2);
    expect(entered([0, BLOCK], [BLOCK, 2 * BLOCK])).toBe(3);
    expect(entered([0, BLOCK + 1], [BLOCK + 1, 1])).toBe(2);
  });
});
