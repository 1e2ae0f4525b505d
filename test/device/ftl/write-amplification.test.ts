/** Write amplification of the model against closed forms, and against another's simulation. */
import { describe, expect, it } from 'vitest';
import {
  FlashTranslation,
  lambertW0,
  randomWriteAmplification,
} from '../../../src/device/index.ts';
import { RandomStream } from '../../../src/engine/index.ts';

/**
 * Greedy cleaning, simulated by a separate program of 4096 blocks of 128 pages with one write stream.
 * @source the project's reference, zswap-zsmalloc.md 6.5
 */
const SIMULATED: readonly (readonly [overProvisioning: number, amplification: number])[] = [
  [0.05, 9.93],
  [0.07, 7.42],
  [0.1, 5.47],
  [0.15, 3.91],
  [0.2, 3.12],
  [0.28, 2.44],
  [0.4, 1.93],
  [0.6, 1.54],
  [1, 1.25],
];

interface Load {
  readonly overProvisioning: number;
  readonly blocks: number;
  /** Of the logical pages: these are written, the others were trimmed. */
  readonly liveShare?: number;
}

/** NAND pages for each page of the host, once the first order is forgotten. */
function measured({ overProvisioning, blocks, liveShare = 1 }: Load): number {
  const blockPages = 256;
  const logicalPages = Math.floor((blocks * blockPages) / (1 + overProvisioning));
  const flash = new FlashTranslation({
    ...{ logicalPages, blockPages, overProvisioning },
    ...{ isFull: true, wearSpread: 32 },
  });
  const live = Math.floor(logicalPages * liveShare);
  for (let page = live; page < logicalPages; page++) flash.trim(page);
  const random = new RandomStream(11, 'uniform');
  for (let i = 0; i < live * 2; i++) flash.write(random.below(live));
  const before = flash.counts();
  for (let i = 0; i < live; i++) flash.write(random.below(live));
  const after = flash.counts();
  flash.checkConservation();
  expect(after.levelledPages).toBe(0);
  return (after.nandPages - before.nandPages) / (after.hostPages - before.hostPages);
}

describe('write amplification of uniform random writes to a full drive', () => {
  it.each(SIMULATED)(
    'with a spare of %f is what the closed form says',
    (spare, simulated) => {
      // Little spare in few blocks is few blocks: the closed form is for very many.
      const amplification = measured({
        overProvisioning: spare,
        blocks: spare < 0.1 ? 2048 : 1024,
      });
      expect(Math.abs(amplification / randomWriteAmplification(spare) - 1)).toBeLessThan(0.08);
      expect(Math.abs(amplification / simulated - 1)).toBeLessThan(0.03);
    },
    60_000,
  );

  it('falls when a part was trimmed, as if the drive had so much more spare', () => {
    const overProvisioning = 0.1;
    const trimmed = measured({ overProvisioning, blocks: 1024, liveShare: 0.8 });
    const effective = (1 + overProvisioning) / 0.8 - 1;
    expect(Math.abs(trimmed / randomWriteAmplification(effective) - 1)).toBeLessThan(0.05);
    expect(trimmed).toBeLessThan(randomWriteAmplification(overProvisioning) / 2);
  }, 60_000);
});

describe('the closed form', () => {
  it('has the values of the reference', () => {
    const known = [10.67, 7.82, 5.68, 4.02, 3.19, 2.48, 1.96, 1.56, 1.26];
    for (const [index, [spare]] of SIMULATED.entries())
      expect(randomWriteAmplification(spare)).toBeCloseTo(known[index]!, 2);
  });

  it('solves w e^w = x from the branch point to zero', () => {
    for (const x of [-0.3678, -0.3, -0.2, -0.1, -0.01, -1e-6, 0]) {
      const w = lambertW0(x);
      expect(w).toBeGreaterThanOrEqual(-1);
      expect(w * Math.exp(w)).toBeCloseTo(x, 12);
    }
    expect(lambertW0(-1 / Math.E)).toBeCloseTo(-1, 6);
  });
});
