/**
 * What real kernels counted, replayed by the built command. Each cell that gates must agree, except
 * those that `differences.json` lists with the mechanism behind them; a listed cell
 * that agrees is an error too.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { agreementPage } from './agreement-page.ts';
import { differences, files, validateAll, type Validated } from './support.ts';

const PAGE = 'src/agreement.md';
let replays: ReadonlyMap<string, Validated>;

beforeAll(async () => {
  replays = await validateAll();
}, 240_000);

describe.each(files)('the replay of %s', (file) => {
  it('agrees with the kernel in every cell that gates, but for those that are named', () => {
    const { phases, verify } = replays.get(file)!;
    expect(verify.mismatches).toBe(0);
    expect(verify.pagesChecked).toBeGreaterThan(0);
    const found = phases.flatMap(({ counters }, index) =>
      counters.filter(({ gating, ok }) => gating && !ok).map(({ name }) => `${index + 1} ${name}`),
    );
    expect(found.sort()).toEqual((differences[file] ?? []).flatMap(({ cells }) => cells).sort());
  });
});

describe('the page of agreement', () => {
  it('says what the replays counted', () => {
    const text = agreementPage(replays);
    if (process.env['UPDATE'] === '1') writeFileSync(PAGE, text);
    expect(text).toBe(readFileSync(PAGE, 'utf8'));
  });
});
