import { describe, expect, it } from 'vitest';
import { smallMachine } from './support.ts';

/** Pages come back, are overwritten with one word, go again; meanwhile a small pool is written back. */
const TRACE = `pages 400
W 0 400 seq 400 1 mix:1024
R 0 400 rand 900 2 -
W 0 400 rand 300 3 zero
M 0 400 rand 600 4 -
W 0 400 rand 300 5 fill:ff
R 0 400 rand 900 6 -
`;

const versions = ['2013', '6.12', '6.18'] as const;
const fills = ['none', 'zero', 'any'] as const;
const designs = ['xarray', 'swap-table', 'vswap', 'vswap-table'] as const;

describe('the zswap of 2013', () => {
  it('ends the writes that age has begun, on a synchronous device too', async () => {
    const machine = smallMachine({
      trace: TRACE,
      areas: [{ pages: 1024, profile: 'pmem' }],
      zswap: { enabled: true, version: '2013', writebackAge: 50 },
    });
    const { verify, killedTasks } = await machine.run();
    expect([verify.mismatches, killedTasks]).toEqual([0, 0]);
  });

  it('stores zeros as it stores any page, with payload none too', async () => {
    const storedBy = async (payload: 'bytes' | 'none'): Promise<unknown> => {
      const machine = smallMachine({
        payload,
        trace: 'pages 400\nW 0 400 seq 400 1 zero\n',
        areas: [{ pages: 1024 }],
        zswap: { enabled: true, version: '2013' },
      });
      const { zswap } = await machine.run();
      return { pages: zswap['stored_pages'], bytes: zswap['stored_bytes'] };
    };
    const stored = await storedBy('bytes');
    expect(stored).toMatchObject({ pages: expect.any(Number) as number });
    expect(await storedBy('none')).toEqual(stored);
  });
});

describe('a version of zswap, with any rule for same-filled pages', () => {
  const cases = versions.flatMap((version) =>
    fills.flatMap((sameFilled) => designs.map((design) => ({ version, sameFilled, design }))),
  );

  it.each(cases)(
    '$version, $sameFilled, $design: every page is as it was written, nothing is left',
    async ({ version, sameFilled, design }) => {
      const machine = smallMachine({
        trace: TRACE,
        design,
        sameFilled,
        areas: [{ pages: 1024 }],
        ramPages: 300,
        zswap: { enabled: true, version, maxPoolPercent: 10, writebackAge: 150 },
      });
      const { verify } = await machine.run();
      expect(verify).toEqual({ pagesChecked: 400, mismatches: 0 });
    },
  );
});
