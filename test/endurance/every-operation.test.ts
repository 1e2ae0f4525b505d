/**
 * Each operation of a short run fails once: whatever is hit, every page is right or its task was told,
 * all invariants hold, and nothing is left when the tasks have gone.
 */
import { describe, expect, it } from 'vitest';
import { designs } from '../../src/swap/index.ts';
import { DESIGNS, firedOf, IS_SOAK, runFaulty, WAYS } from './support.ts';

/** A run of CI tries each n-th operation of the rarer kinds. */
const STRIDE = IS_SOAK ? 1 : 13;
const MINUTES = IS_SOAK ? 30 : 2;

describe.each(DESIGNS)('each operation of a device that fails, %s', (name) => {
  const kind = designs[name.split(':')[0]!]!;
  // What cannot write to a device stays in zswap; others go one way in CI, all of them in soak.
  const ways = Object.entries(WAYS).filter(([way]) => (way === 'in zswap') !== kind.writesBack);
  const chosen = IS_SOAK ? ways : [ways[DESIGNS.indexOf(name) % ways.length]!];

  it.each(chosen)(
    'loses no page, %s',
    async (_way, options) => {
      const run = async (rule: string, payload: 'bytes' | 'none'): Promise<number> => {
        const { result } = await runFaulty({ ...options, design: name, payload }, [rule]);
        return firedOf(result);
      };
      // Tags instead of bytes: the same flows at half the price.
      for (const fault of ['eio-read', 'eio-write'])
        for (let nth = 1; ; nth++) {
          if ((await run(`${fault},nth=${nth}`, IS_SOAK ? 'bytes' : 'none')) > 0) continue;
          if (kind.writesBack) expect(nth).toBeGreaterThan(3);
          break;
        }
      for (const fault of ['torn-write', 'lost-write', 'misdirected-write', 'latent', 'short-read'])
        for (let nth = 1; (await run(`${fault},nth=${nth}`, 'bytes')) > 0; nth += STRIDE);
    },
    MINUTES * 60_000,
  );
});
