import { describe, expect, it } from 'vitest';
import {
  compareWithCapture,
  parseCapture,
  scoreOf,
  type ReplayedPhase,
} from '../../src/machine/index.ts';

const OP = 'W 0 64 seq 64 1 rand';

/** A capture of one phase: each counter's values in three runs. */
function captureOf(
  counters: Readonly<Record<string, readonly number[]>>,
): ReturnType<typeof parseCapture> {
  const runs = [0, 1, 2].map((run) => ({
    phases: [
      {
        op: OP,
        counters: Object.fromEntries(
          Object.entries(counters).map(([name, values]) => [name, values[run]!]),
        ),
        present: 0,
        swapped: 0,
      },
    ],
  }));
  return parseCapture(
    {
      kernel: '6.18',
      trace: ['pages 64', OP],
      limitMiB: 16,
      backend: 'ssd',
      swapMiB: 64,
      pageCluster: 3,
      zswap: null,
      runs,
    },
    'test',
  );
}

function ours(counters: Readonly<Record<string, number>>): ReplayedPhase[] {
  return [{ counters, swapped: 0, zswap: null, zram: null }];
}

describe('the rule of agreement', () => {
  // Kernel's three runs, ours, gates, is in the score, agrees.
  it.each<[string, number[], number, boolean, boolean, boolean]>([
    ['pswpin', [10_000, 10_100, 10_200], 9_798, true, true, true],
    ['pswpin', [10_000, 10_100, 10_200], 9_797, true, true, false],
    ['pswpin', [10_000, 10_100, 10_200], 10_402, true, true, true],
    ['pswpin', [10_000, 10_100, 10_200], 10_403, true, true, false],
    ['pswpin', [9_000, 10_000, 10_100], 10_000, false, false, true],
    ['pswpin', [0, 10, 20], 120, true, false, true],
    ['pswpin', [0, 10, 20], 121, true, false, false],
    ['pswpin', [101, 150, 299], 1, true, true, true],
    ['pgscan_anon', [50_000, 50_000, 50_000], 55_000, true, true, true],
    ['pgscan_anon', [50_000, 50_000, 50_000], 55_001, true, true, false],
    ['swpout_zero', [8_000, 8_000, 8_000], 7_000, true, true, true],
    ['swpout_zero', [900, 900, 900], 0, true, false, true],
  ])('%s %j against %i', (name, kernel, swaplab, gating, matters, ok) => {
    const [phase] = compareWithCapture(captureOf({ [name]: kernel }), ours({ [name]: swaplab }));
    const cell = phase!.cells.find((each) => each.name === name);
    expect(cell).toMatchObject({ gating, matters, ok });
  });

  it('has no cell for what a run does not count', () => {
    const [phase] = compareWithCapture(captureOf({ pswpin: [1, 1, 1] }), ours({ zswpin: 500 }));
    expect(phase!.cells.map(({ name }) => name)).toEqual(['pswpin', 'swapped']);
  });

  it('scores the cells where 0 would be wrong', () => {
    const phases = compareWithCapture(
      captureOf({
        pswpin: [5_000, 5_000, 5_000],
        pswpout: [7_000, 7_000, 7_000],
        swap_ra: [9, 9, 9],
      }),
      ours({ pswpin: 5_000, pswpout: 1, swap_ra: 0 }),
    );
    expect(scoreOf(phases)).toEqual({ mattering: 2, matteringOk: 1, gating: 4, gatingOk: 3 });
  });
});
