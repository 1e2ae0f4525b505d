/**
 * What one design does is its own: each has the digest of one small trace in
 * `fixtures/digests.json`, so a change in one design's folder shows there and nowhere else. UPDATE=1
 * writes the fixture anew; look at which lines of it have changed before you keep it.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { designs } from '../../src/swap/index.ts';
import { runSmall } from '../machine/support.ts';
import { designsUnderTest } from './support/designs.ts';

const FIXTURE = 'fixtures/digests.json';

/** Zeros, pages that compress to one length, sharing, frees, an overflowing pool, a swapoff. */
const TRACE = `pages 300
shmem 60
W 0 200 seq 200 1 fill:ff
W 200 100 seq 100 1 zero
W 300 60 seq 60 1 fill:21
R 0 360 rand 500 3 -
FW 0 200 seq 200 4 fill:aa
FR 0 360 rand 150 5 -
D 100 60 rand 60 6 -
W 0 300 rand 200 7 fill:0f
swapoff area1
R 0 360 seq 360 1 -
`;

async function run(
  label: string,
  payload: 'bytes' | 'none',
): Promise<{
  readonly digest: string;
  readonly counters: unknown;
}> {
  const { kind } = designsUnderTest.find((under) => under.label === label)!;
  const result = await runSmall({
    trace: TRACE,
    design: label,
    memoryPages: 150,
    // Where nothing can be written back, a pool that holds it all.
    ramPages: kind.writesBack ? 64 : 4096,
    payload,
    areas: [
      { pages: 700, ghost: kind.areas === 'all-ghost' },
      { pages: 500, ghost: kind.areas === 'all-ghost' },
    ],
    zswap: { enabled: true, maxPoolPercent: kind.writesBack ? 4 : 20 },
  });
  expect(result.verify).toEqual({ pagesChecked: 360, mismatches: 0 });
  return { digest: result.digest, counters: result.phases.map(({ counters }) => counters) };
}

const found: Record<string, string> = {};

describe.each(designsUnderTest)('$label', ({ label }) => {
  it('counts the same with bytes and without', async () => {
    const [bytes, none] = [await run(label, 'bytes'), await run(label, 'none')];
    expect(none.counters).toEqual(bytes.counters);
    found[label] = none.digest;
  });

  it('has the digest that it had', async () => {
    found[label] ??= (await run(label, 'none')).digest;
    if (process.env['UPDATE'] === '1') return;
    const kept = JSON.parse(readFileSync(FIXTURE, 'utf8')) as Record<string, string>;
    expect([label, found[label]]).toEqual([label, kept[label]]);
  });
});

describe('digests', () => {
  it('are kept for each design, and differ where designs do', () => {
    if (process.env['UPDATE'] === '1')
      writeFileSync(FIXTURE, `${JSON.stringify(found, null, 2)}\n`);
    const kept = JSON.parse(readFileSync(FIXTURE, 'utf8')) as Record<string, string>;
    expect(Object.keys(kept).toSorted()).toEqual(
      designsUnderTest.map(({ label }) => label).toSorted(),
    );
    expect(new Set(Object.values(kept)).size).toBe(designsUnderTest.length);
  });
});

describe('a design folder', () => {
  const folders = readdirSync('src/swap/designs', { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  );

  it.each(folders.map(({ name }) => name))('%s is in the registry and imports no other', (name) => {
    expect(Object.keys(designs)).toContain(name);
    for (const file of readdirSync(`src/swap/designs/${name}`)) {
      const source = readFileSync(`src/swap/designs/${name}/${file}`, 'utf8');
      const imports = [...source.matchAll(/from '(\.[^']*)'/g)].map(([, path]) => path!);
      const others = imports.filter((path) =>
        folders.some((other) => path.includes(`/${other.name}/`)),
      );
      expect([file, others]).toEqual([file, []]);
    }
  });
});
