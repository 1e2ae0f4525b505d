import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/units/index.ts';
import { csv } from '../../../src/workload/importers/csv.ts';
import { oracleGeneral } from '../../../src/workload/importers/oracle-general.ts';
import { expectCutsAlike, imported } from './recorder.ts';

const fixture = (name: string): Buffer =>
  readFileSync(new URL(`../../../fixtures/memory-traces/${name}`, import.meta.url));
const cloudPhysics = fixture('cloud-physics.csv');
/** The options that libCacheSim's documentation gives for this trace. */
const columns = { timeCol: '2', objIdCol: '5', objSizeCol: '4' };

/** First lines of a day, as the README of the traces and their users show them. */
const msr = `128166372003061629,hm,0,Write,7014912,4096,26
128166372016382155,hm,0,Read,1074696192,4096,113
128166372026382155,hm,1,Read,1074696192,512,113
128166372026382999,hm,0,Read,7015424,4096,113
`;
const alibaba = `0,R,126703661056,4096,1577808000000046
1,W,19496058880,77824,1577808000000426
0,R,126703644672,4096,1577808000000626
0,W,126703661056,4096,1577808000000626
`;
const tencent = `1538323200,12910952,128,0,1063
1538323200,6338688,8,1,1627
1538323200,12910952,8,0,1627
1538323205,12910956,1,1,1063
`;

describe('a CSV trace', () => {
  it('has the objects of the same trace in the oracleGeneral format', async () => {
    // That file tells the size of an object's first request with each: let all have one page.
    const records = Buffer.from(fixture('cloud-physics.oracleGeneral'));
    for (let at = 0; at < records.length; at += 24) records.writeUInt32LE(1, at + 12);
    const expected = await imported(oracleGeneral, records);
    expect(expected).toHaveLength(200);
    const { timeCol, objIdCol } = columns;
    expect(await imported(csv, cloudPhysics, { options: { timeCol, objIdCol } })).toEqual(expected);
    const numbers = { objIdCol, objIdIsNum: true, limit: '50' };
    expect(await imported(csv, cloudPhysics, { options: numbers })).toEqual(expected.slice(0, 50));
  });

  it('has the sizes of its requests', async () => {
    const said = await imported(csv, cloudPhysics, { options: { ...columns, limit: '6' } });
    // 512, 512, 512, 6656, 6144 and 57344 bytes.
    expect(said).toEqual(Array.from({ length: 3 + 2 + 2 + 14 }, (_, i) => `W${i}`));
  });

  it('gives the same accesses however the stream is cut', async () => {
    await expectCutsAlike(csv, cloudPhysics, { options: { ...columns, limit: '30' } });
  });

  it('of MSR Cambridge has ranges of bytes, and disks apart', async () => {
    const said = await imported(csv, msr, { options: { preset: 'msr' } });
    const other = 2 ** 36 + 1074696192 / 4096;
    expect(said).toEqual([
      // 7014912 is 2560 bytes into page 1712: of both pages a part is written.
      ...['W1712', 'W1713', 'W262377', `W${other}`],
      ...['R1712', 'R1713'],
    ]);
  });

  it('of Alibaba says which pages are written again', async () => {
    const said = await imported(csv, alibaba, { options: { preset: 'alibaba' } });
    const first = 126703661056 / 4096;
    expect(said[0]).toBe(`W${first}`);
    expect(said.slice(1, 20)).toEqual(
      Array.from({ length: 19 }, (_, i) => `W${2 ** 36 + 19496058880 / 4096 + i}`),
    );
    expect(said.slice(20)).toEqual([`W${first - 4}`, `W${first}`]);
    const one = await imported(csv, alibaba, { options: { preset: 'alibaba', volume: '0' } });
    expect(one).toEqual([`W${first}`, `W${first - 4}`, `W${first}`]);
  });

  it('of Tencent counts in sectors, and has phases of seconds', async () => {
    const options = { preset: 'tencent', phaseEvery: '5' };
    const said = await imported(csv, tencent, { options });
    const page = 12910952 / 8;
    expect(said).toEqual([
      '[0 to 5]',
      ...Array.from({ length: 16 }, (_, i) => `W${page + i}`),
      `W${2 ** 36 + 6338688 / 8}`,
      `W${2 ** 36 + page}`,
      '[5 to 10]',
      `S${page}`, // one sector of a page that is known
    ]);
  });

  it('has operations on objects: a new version, a deletion, a page for what has no size', async () => {
    const text = 'op;key;size\nget;a;5000\nset;"a";5000\nget;a;4096\nget;a;9000\ndel;a;0\n';
    const options = { delimiter: ';', objIdCol: '2', objSizeCol: '3', opCol: '1' };
    expect(await imported(csv, text.replace('del;a;0', 'del;a;1'), { options })).toEqual([
      ...['W0', 'W1', 'W0', 'W1', 'R0'],
      ...['D0', 'D1', 'W2', 'W3', 'W4', 'D2', 'D3', 'D4'],
    ]);
    const lines = 'x\ny\n\nx\n';
    expect(await imported(csv, lines, { options: { objIdCol: '1', hasHeader: 'no' } })).toEqual([
      'W0',
      'W1',
      'R0',
    ]);
  });

  it('has quoted fields as libCacheSim reads them', async () => {
    const text = '1, "a,b" ,x\n1,"c""d",x\n1,a b\t,x\n1,"a,b",x\n1,"a b",x\n1,"c""d",x\n';
    const options = { objIdCol: '2', delimiter: ',', hasHeader: 'no' };
    expect(await imported(csv, text, { options })).toEqual(['W0', 'W1', 'W2', 'R0', 'R2', 'R1']);
  });

  it('tells numbers beyond 2^53 apart', async () => {
    const text =
      '9007199254740992,1\n9007199254740993,1\n18446744073709551615,1\n0x20000000000000,1\n';
    const options = { objIdCol: '1', objIdIsNum: true };
    expect(await imported(csv, text, { options })).toEqual(['W0', 'W1', 'W2', 'R0']);
    const address = { addressCol: '1' };
    expect(await imported(csv, '18446744073709551615,1\n', { options: address })).toEqual([
      `W${2 ** 52 - 1}`,
    ]);
  });

  it.each([
    [columns, '1,2,3,x,5\n', "trace:1: size 'x' is no number; accepted: a whole number below 2^64"],
    [columns, '1,2,3,4\n', "trace:1: '1,2,3,4' has 4 fields; accepted: 5 or more"],
    [columns, '1,2,3,-4,5\n', "trace:1: size '-4' is no number"],
    [columns, '1,2,3,4294967296,5\n', "trace:1: size '4294967296' is too large"],
    [columns, '1,"2,3,4,5\n', 'trace:1: a quote is not closed in \'1,"2,3,4,5\'; accepted: "…"'],
    [columns, '1,noon,3,4,5\n', "trace:1: time 'noon' is no number"],
    [{ preset: 'msr' }, msr.replace('Read', 'Peek'), "trace:2: operation 'Peek' is not known"],
    [{ preset: 'msr' }, '1,h,0,Read,x,1,1\n', "address 'x' is no number"],
    [{ preset: 'msr' }, '1,h,0,Read,281474976710656,1,1\n', "'281474976710656' is too large"],
    [{}, '1\n', 'import csv: no column says what is requested; accepted: --obj-id-col'],
    [{ preset: 'snia' }, '', "--preset: 'snia' is not accepted; accepted: msr, alibaba, tencent"],
    [{ objIdCol: '0' }, '', "--obj-id-col: '0' is not accepted; accepted: a whole number 1 to 1"],
    [{ objIdCol: '1', addressCol: '1' }, '', '--obj-id-col and --address-col: accepted: one'],
    [{ objIdCol: '1', delimiter: 'ab' }, '', "--delimiter: 'ab' is not accepted"],
    [{ objIdCol: '1', hasHeader: 'x' }, '', "--has-header: 'x' is not accepted; accepted: yes, no"],
    [{ objIdCol: '1', volume: '1' }, '', '--volume: no column tells volumes'],
    [{ objIdCol: '1', phaseEvery: '1' }, '', '--phase-every: no column tells times'],
  ])('with a mistake is told so: %j %j', async (options, content, message) => {
    const failure = await imported(csv, content, {
      options: { hasHeader: 'no', ...options },
    }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(UsageError);
    expect((failure as Error).message).toContain(message);
  });
});
