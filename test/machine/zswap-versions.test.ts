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
