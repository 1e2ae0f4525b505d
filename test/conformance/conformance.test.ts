/** One suite for all designs: each claim is tried with each revision of each design. */
import { describe, it } from 'vitest';
import { claims } from './claims/index.ts';
import { Worlds } from './support/claim.ts';
import { designsUnderTest } from './support/designs.ts';

describe.each(designsUnderTest)('$label', (under) => {
  for (const { id, claim, check } of claims)
    it(`${id}: ${claim}`, () => {
      check(new Worlds(under));
    });
});
