/**
 * Each operation of a short run fails once: whatever is hit, every page is right or its task was told,
 * all invariants hold, and nothing is left when the tasks have gone.
 */
import { describe, expect, it } from 'vitest';
import { designs } from '../../src/swap/index.ts';
import { DESIGNS, firedOf, IS_SOAK, runFaulty, WAYS } from './support.ts';

/** A run of CI tries each n-th operation of the rarer kinds. */
const STRIDE = IS_SOAK ? 1 : 5;
const MINUTES = IS_SOAK ? 30 : 2;

describe.each(DESIGNS)('each operation of a device that fails, %s', (name) => {
  const kind = designs[name.split(':')[0]!]!;
  // What cannot write to a device stays in zswap; others go two ways in CI, all of them in soak.
  const ways = Object.entries(WAYS).filter(([way]) => (way === 'in zswap') !== kind.writesBack);
  const others = ways.length - 1;
  const second = others > 0 ? [ways[1 + (DESIGNS.indexOf(name) % others)]!] : [];
  const chosen = IS_SOAK ? ways : [ways[0]!, ...second];

  it.each(chosen)(
    'loses no page, %s',
    async (_way, options) => {
      for (const fault of ['eio-read', 'eio-write'])
        for (let nth = 1; ; nth++) {
          const { result } = await runFaulty({ ...options, design: name }, [`${fault},nth=${nth}`]);
          if (firedOf(result) === 0) {
            if (kind.writesBack) expect(nth).toBeGreaterThan(10);
            break;
          }
        }
      for (const fault of ['torn-write', 'lost-write', 'misdirected-write', 'latent', 'short-read'])
        for (let nth = 1; ; nth += STRIDE) {
          const { result } = await runFaulty({ ...options, design: name }, [`${fault},nth=${nth}`]);
          if (firedOf(result) === 0) break;
        }
    },
    MINUTES * 60_000,
  );
});
