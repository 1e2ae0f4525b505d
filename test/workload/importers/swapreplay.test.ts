import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/units/index.ts';
import { swapreplay } from '../../../src/workload/importers/swapreplay.ts';
import { expectCutsAlike, imported } from './recorder.ts';

const triples = `# sector rw clen
80 W 1200
88 1 0
96 W 4163

80 R 0
88 0
\t96  RA  5
`;

describe("SwapReplay's triples", () => {
  it('give a page new content where it was written, with the length that it compressed to', async () => {
    expect(await imported(swapreplay, triples)).toEqual([
      'W10:1200',
      'W11',
      'W12:4096',
      'R10',
      'R11',
      'R12',
    ]);
  });

  it('are page numbers where the letter is first, as sr_data_histo -raw prints them', async () => {
    const raw = 'W 10 1200\nR 10 0\nW 4294967295 17\n';
    expect(await imported(swapreplay, raw)).toEqual(['W10:1200', 'R10', 'W4294967295:17']);
  });

  it('are as many however the stream is cut', async () => {
    await expectCutsAlike(swapreplay, triples);
  });

  it('count sectors from the begin of the swap area', async () => {
    const options = { startSector: '2050' };
    expect(await imported(swapreplay, '2050 W 9\n2058 WS\n', { options })).toEqual(['W0:9', 'W1']);
    await expect(imported(swapreplay, '8 R\n', { options })).rejects.toThrow(
      new UsageError(
        'trace:1: sector 8 is not the begin of a page; accepted: multiples of 8 from 2050 on ' +
          '(--start-sector: where the swap partition begins)',
      ),
    );
  });

  it.each([
    ['80 W 1\n84 R\n', 'trace:2: sector 84 is not the begin of a page; accepted: multiples of 8'],
    ['80\n', "trace:1: '80' is no swap event; accepted: SECTOR R|W [LENGTH], or R|W PAGE [LENGTH]"],
    ['80 X 1\n', "trace:1: '80 X 1' is no swap event"],
    ['80 W1 1\n', "trace:1: '80 W1 1' is no swap event"],
    ['80 W 1 2\n', "trace:1: '80 W 1 2' is no swap event"],
    ['-8 W 1\n', "trace:1: '-8 W 1' is no swap event"],
    ['9007199254740993 W 1\n', "trace:1: '9007199254740993 W 1' is no swap event"],
    ['80 W 9000\n', "trace:1: '9000' is no compressed length; accepted: 0 (not known) to 8192"],
    ['80 W x\n', "trace:1: 'x' is no compressed length"],
  ])('that are none are told so: %j', async (content, message) => {
    const failure = await imported(swapreplay, content).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(UsageError);
    expect((failure as Error).message).toContain(message);
  });
});
