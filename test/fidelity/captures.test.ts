/**
 * What real kernels counted, replayed. Each cell that gates must agree, except those that
 * `fixtures/kernel/differences.json` lists with the mechanism behind them; a listed cell that agrees
 * is an error too.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { agreementPage } from './agreement-page.ts';
import { agreementOf, differences, files, type Agreement } from './support.ts';

const PAGE = 'src/agreement.md';
const agreements = new Map<string, Agreement>();

describe.each(files)('the replay of %s', (file) => {
  it('agrees with the kernel in every cell that gates, but for those that are named', async () => {
    const agreement = await agreementOf(file);
    agreements.set(file, agreement);
    expect(agreement.mismatches).toBe(0);
    const found = agreement.phases.flatMap(({ cells }, index) =>
      cells.filter(({ gating, ok }) => gating && !ok).map(({ name }) => `${index + 1} ${name}`),
    );
    expect(found.sort()).toEqual((differences[file] ?? []).flatMap(({ cells }) => cells).sort());
  });
});

describe('the page of agreement', () => {
  it('says what the replays counted', () => {
    const text = agreementPage(agreements);
    if (process.env['UPDATE'] === '1') writeFileSync(PAGE, text);
    expect(text).toBe(readFileSync(PAGE, 'utf8'));
  });
});
