import { describe, expect, it } from 'vitest';
import { createCompressor } from '../../../src/codec/index.ts';
import { EVENT_NAMES, parseCostProfile } from '../../../src/engine/index.ts';
import { defaultCosts } from '../../../src/engine/profiles/default-costs.ts';

describe('the default cost profile', () => {
  it('passes the schema of a cost profile', () => {
    expect(parseCostProfile(defaultCosts, 'default').name).toBe('default');
  });

  it('prices every event of the catalogue but what the compressor prices', () => {
    const priced = EVENT_NAMES.filter((name) => name !== 'compress' && name !== 'decompress');
    expect(Object.keys(defaultCosts.prices).sort()).toEqual(priced.sort());
  });

  it('leaves a bare load from zswap below the 6 us that Google measured for a whole access', () => {
    // Lagar-Cavilla et al., ASPLOS 2019: 6 us for an access to far memory, with lzo.
    const profile = parseCostProfile(defaultCosts, 'default');
    const steps = ['pageTouch', 'pageFault', 'frameAlloc', 'tableRead', 'xaErase'] as const;
    const loadNs = steps.reduce((sum, event) => sum + profile.priceNs(event), 0);
    const { decompress } = createCompressor('lz4', 'compressor').prices;
    expect(loadNs + decompress.ns).toBeGreaterThan(1_500);
    expect(loadNs + decompress.ns).toBeLessThan(6_000);
  });
});
