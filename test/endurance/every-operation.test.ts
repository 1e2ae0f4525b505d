/**
 * Each operation of a short run fails once: whatever is hit, every page is right or its task was told,
 * all invariants hold, and nothing is left when the tasks have gone.
 */
import { describe, expect, it } from 'vitest';
import { designs } from '../../src/swap/index.ts';
import { DESIGNS, firedOf, IS_SOAK, runFaulty, WAYS } from './support.ts';

const MINUTES = IS_SOAK ? 30 : 3;
/** Faults that are told. */
const ERRORS = ['eio-read', 'eio-write', 'short-read', 'short-write'] as const;
/** Faults that only a checksum finds. */
const DAMAGE = ['torn-write', 'lost-write', 'misdirected-write', 'latent'] as const;

describe.each(DESIGNS)('each operation of a device that fails, %s', (name) => {
  const kind = designs[name.split(':')[0]!]!;
  // What cannot write to a device stays in zswap; others go one way in CI, all of them in soak.
  const ways = Object.entries(WAYS).filter(([way]) => (way === 'in zswap') !== kind.writesBack);
  const chosen = IS_SOAK ? ways : [ways[DESIGNS.indexOf(name) % ways.length]!];

  it.each(chosen)(
    'loses no page, %s',
    async (_way, options) => {
      // Tags instead of bytes: the same flows at half the price.
      const payload = IS_SOAK ? 'bytes' : 'none';
      for (const fault of [...ERRORS, ...DAMAGE]) {
        let nth = 1;
        for (; ; nth++) {
          const rule = `${fault},nth=${nth}`;
          const { result } = await runFaulty({ ...options, design: name, payload }, [rule]);
          if (firedOf(result) === 0) break;
        }
        // Each design but those that stay in zswap has moved pages to the device and back.
        if (kind.writesBack)
          expect([fault, nth]).toEqual([fault, expect.toSatisfy((n: number) => n > 3)]);
      }
    },
    MINUTES * 60_000,
  );
});
