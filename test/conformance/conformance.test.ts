/** One suite for all designs: each claim is tried with each revision of each design. */
import { describe, it } from 'vitest';
import { allocationClaims } from './claims/allocation.ts';
import { cacheClaims } from './claims/cache.ts';
import { countClaims } from './claims/counts.ts';
import type { Claim } from './support/claim.ts';
import { Worlds } from './support/claim.ts';
import { designsUnderTest } from './support/designs.ts';

const claims: readonly Claim[] = [...allocationClaims, ...countClaims, ...cacheClaims];

describe.each(designsUnderTest)('$label', (under) => {
  for (const { id, claim, check } of claims)
    it(`${id}: ${claim}`, () => {
      check(new Worlds(under));
    });
});
