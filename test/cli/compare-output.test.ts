/** What `swaplab compare` prints, from comparisons made by hand. */
import { describe, expect, it } from 'vitest';
import { comparisonOutput, type Comparison } from '../../cli/compare-output.ts';
import { compareColumns } from '../../src/report/comparison/index.ts';
import { column } from '../report/comparison/support.ts';

/** A scenario whose texts have letters that mean something in Markdown. */
function ofScenario(): Comparison {
  const claim = {
    ...{ says: 'a|b is <less> than *all*', metric: 'm', column: 'a_1', of: 'b|2' },
    relation: 'at most',
  } as const;
  return {
    comparison: compareColumns([column('a_1', [1]), column('b|2', [2])], 0),
    choice: { chosen: [], hasRest: true },
    ...{ notes: [], faults: new Map(), passed: [], gaps: [] },
    scenario: {
      ...{ name: 's', title: 'is <a> `less`?', question: 'Is *it*?', metrics: [], spec: {} },
      ...{ columns: [], seeds: undefined, claims: [claim] },
    },
    verdicts: [{ claim, value: 1, limit: 2, holds: true }],
  };
}

describe('a comparison in Markdown', () => {
  const lines = comparisonOutput(ofScenario(), 'markdown').split('\n');

  it('has as many cells in a row of claims as titles', () => {
    const at = lines.indexOf('| holds | claim | numbers |');
    expect(lines[at + 2]).toBe(
      String.raw`| yes | a\|b is \<less\> than \*all\* | 1, at most 2 (b\|2) |`,
    );
  });

  it('has nothing from a scenario or a label that Markdown would read', () => {
    expect(lines[0]).toBe('## is \\<a\\> \\`less\\`?');
    expect(lines).toContain(String.raw`Is \*it\*?`);
    expect(lines).toContain(String.raw`- changes are against a\_1`);
  });
});
