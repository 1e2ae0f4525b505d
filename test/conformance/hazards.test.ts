/**
 * Hazards × designs: each cell of `src/swap/hazards.md` is what an attack on the design brought
 * about. UPDATE=1 writes the document anew.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { designs } from '../../src/swap/index.ts';
import { designsUnderTest } from './support/designs.ts';
import { hazards } from './support/hazards.ts';

const DOCUMENT = 'src/swap/hazards.md';

/** Designs by what happens, by hazard. */
const results = new Map<string, Map<string, string[]>>();

function tableOf(name: string): string {
  const rows = [...(results.get(name) ?? [])].map(
    ([result, labels]) => `| ${namesOf(labels)} | ${result} |`,
  );
  return ['| design | what happens |', '|---|---|', ...rows].join('\n');
}

/** A design by its name alone where it is all of its revisions. */
function namesOf(labels: readonly string[]): string {
  return Object.entries(designs)
    .flatMap(([name, { revisions }]) => {
      const own = revisions.map((revision) => `${name}:${revision}`);
      return own.every((label) => labels.includes(label))
        ? [name]
        : own.filter((label) => labels.includes(label));
    })
    .join(', ');
}

describe.each(hazards)('$name', ({ name, run }) => {
  for (const under of designsUnderTest)
    it(`is met by ${under.label}`, () => {
      const result = run(under);
      const cells = results.get(name) ?? new Map<string, string[]>();
      results.set(name, cells.set(result, [...(cells.get(result) ?? []), under.label]));
    });
});

describe('the document of hazards', () => {
  it('says what the attacks brought about', () => {
    const parts = [
      '# Hazards of swap designs, and what each design does about them',
      'Written by `test/conformance/hazards.test.ts`, which attacks each design and compares; ' +
        '`UPDATE=1 npx vitest run test/conformance/hazards.test.ts` writes it anew.',
    ];
    for (const { name, attack } of hazards)
      parts.push(`## ${name}`, `Attack: ${attack}.`, tableOf(name));
    const text = `${parts.join('\n\n')}\n`;
    if (process.env['UPDATE'] === '1') writeFileSync(DOCUMENT, text);
    expect(text).toBe(readFileSync(DOCUMENT, 'utf8'));
  });
});
