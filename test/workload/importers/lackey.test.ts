import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/units/index.ts';
import { importers } from '../../../src/workload/importers/registry.ts';
import { ACCESS } from '../../../src/workload/importers/importer.ts';

type Seen = readonly (readonly [page: number, kind: number])[];

async function read(
  text: string,
  options: Readonly<Record<string, boolean>> = {},
  cuts: readonly number[] = [],
): Promise<Seen> {
  const bytes = Buffer.from(text);
  const ends = cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b);
  async function* parts(): AsyncGenerator<Uint8Array> {
    let start = 0;
    for (const end of [...ends, bytes.length]) {
      await Promise.resolve();
      yield bytes.subarray(start, end);
      start = end;
    }
  }
  const seen: (readonly [number, number])[] = [];
  const sink = {
    access: (page: number, kind: number, length: number) => {
      expect(length).toBe(0);
      seen.push([page, kind]);
    },
    phase: () => undefined,
  };
  await importers['lackey']!.read({ input: parts(), source: 'x.lackey', options, seed: 1 }, sink);
  return seen;
}

/** As valgrind 3.19 wrote it. */
const SAMPLE = `==16965== Lackey, an example Valgrind tool
==16965== Command: node -e 1
==16965== 
I  056a3b70,3
 S 1fff000758,8
I  056a4ffe,7
 L 1fff000ffc,8
 M 04222c48,8
--16965-- WARNING: unhandled syscall
**16965** client request

==16965==   total:                1
`;

describe('the importer of lackey', () => {
  let plain: Seen = [];
  beforeAll(async () => {
    plain = await read(SAMPLE);
  });

  it('reads loads, stores and what is both, over the border of a page twice', () => {
    expect(plain).toEqual([
      [0x1fff000, ACCESS.store],
      [0x1fff000, ACCESS.read],
      [0x1fff001, ACCESS.read],
      [0x4222, ACCESS.store],
    ]);
  });

  it('reads instructions when they are asked for', async () => {
    const all = await read(SAMPLE, { instructions: true });
    expect(all).toEqual([
      [0x56a3, ACCESS.read],
      plain[0],
      [0x56a4, ACCESS.read],
      [0x56a5, ACCESS.read],
      ...plain.slice(1),
    ]);
  });

  it('reads the same wherever the stream is cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(1000), { maxLength: 9 }), async (cuts) => {
        expect(await read(SAMPLE, {}, cuts)).toEqual(plain);
      }),
    );
  });

  it('knows every 64-bit address', async () => {
    expect(await read(' L ffffffffffffefff,1\n S 0,1\n')).toEqual([
      [2 ** 52 - 2, ACCESS.read],
      [0, ACCESS.store],
    ]);
  });

  it.each([
    ' L 1fff000758',
    ' L ,8',
    ' L 1fff000758,',
    ' L 1fff000758,8x',
    ' L 1fffG00758,8',
    ' X 10,8',
    ' S 1fff000758,99999',
    ' L 1ffffffffffffffff,8',
    'L 10,8',
    'hello',
    '=x',
    ' ',
    'I 056a3b70,3x',
  ])('names the line of what is none: %j', async (line) => {
    const wrong = read(` L 10,8\n==1== \n${line}\n L 10,8\n`, { instructions: true });
    await expect(wrong).rejects.toThrow(UsageError);
    await expect(wrong).rejects.toThrow(`x.lackey:3: '${line}' is no line of lackey's; accepted: `);
  });
});
