/**
 * One suite for all designs: each claim is tried with each revision of each design. What is claimed,
 * and what designs declare that they do otherwise, is printed at the end.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { designs } from '../../src/swap/index.ts';
import { claims } from './claims/index.ts';
import { Worlds } from './support/claim.ts';
import { designsUnderTest, overRbTrees, switchedOff } from './support/designs.ts';

describe.each([...designsUnderTest, ...switchedOff, ...overRbTrees])('$label', (under) => {
  for (const { id, claim, check } of claims)
    it(`${id}: ${claim}`, () => {
      check(new Worlds(under));
    });
});

describe('the list of claims', () => {
  it('has forty and more, each once', () => {
    expect(new Set(claims.map(({ id }) => id)).size).toBe(claims.length);
    expect(new Set(claims.map(({ claim }) => claim)).size).toBe(claims.length);
    expect(claims.length).toBeGreaterThanOrEqual(40);
  });

  it('has each claim that a design says it deviates from', () => {
    const ids = new Set(claims.map(({ id }) => id));
    const named = Object.values(designs).flatMap(({ deviations }) =>
      deviations.flatMap(({ claim }) => (claim === undefined ? [] : [claim])),
    );
    expect(named.filter((id) => !ids.has(id))).toEqual([]);
    for (const { deviations } of Object.values(designs))
      for (const { what, why } of deviations) expect([what, why]).not.toContain('');
  });
});

afterAll(() => {
  const lines = [
    `${claims.length} claims, each with ${designsUnderTest.length} designs, ${switchedOff.length} switched off, ${overRbTrees.length} over red-black trees:`,
  ];
  for (const { id, claim } of claims) lines.push(`  ${id}: ${claim}`);
  lines.push('Deviations:');
  for (const [name, { deviations }] of Object.entries(designs))
    for (const { what, why, claim } of deviations)
      lines.push(`  ${name}: ${what}; ${why}${claim === undefined ? '' : ` [${claim}]`}`);
  process.stdout.write(`${lines.join('\n')}\n`);
});
