/** Situations that are a place: the first page that is found there is asked about. */
import { swapUsage } from '../usage.ts';
import { describeLocation, plural, refusedWriteback } from './in-words.ts';
import type { Finding, Inquiry, Situation } from './situation.ts';
import type { Stage, Swapped } from './stage.ts';

/** Looks after each operation for a page that `isThere`, given where it was seen before. */
function firstThat(
  stage: Stage,
  isThere: (at: Swapped, before: Swapped | undefined) => boolean,
  finding: (at: Swapped, before: Swapped | undefined) => Finding,
): Inquiry {
  return {
    afterOperation: () => {
      const before = new Map(stage.seen);
      const at = stage.survey().find((one) => isThere(one, before.get(one.page)));
      if (at !== undefined) return finding(at, before.get(at.page));
      // Asked before memory runs out.
      const refusal = refusedWriteback(stage);
      return refusal === null ? null : { note: refusal };
    },
    atEnd: () => ({ note: 'the run did not bring it about' }),
  };
}

export const inFile: Situation = {
  title: 'data in a swapfile',
  scene: { trace: 'pages 160\nW 0 160 seq 160 1 mix:1024\n', pool: 'small', device: 'file' },
  ask: (stage) =>
    firstThat(
      stage,
      // By way of zswap and under one entry: what zswap refuses goes the shorter way.
      (at, before) =>
        at.location.kind === 'file' &&
        before?.location.kind === 'zswap' &&
        before.entry === at.entry,
      (at, before) => ({
        main: stage.view('a page that zswap wrote back', at.page),
        note: `before, under the same entry, in ${describeLocation(before!.location)}`,
      }),
    ),
};

export const inZswap: Situation = {
  title: 'data in zswap',
  scene: { trace: 'pages 100\nW 0 100 seq 100 1 mix:1024\n', pool: 'large', device: 'file' },
  ask: (stage) =>
    firstThat(
      stage,
      (at) => at.location.kind === 'zswap',
      (at) => {
        const { engine, swap, memory } = stage.machine;
        const { zswapEntries, slotsOfZswap } = swapUsage(engine, swap, memory.cgroups.all);
        return {
          main: stage.view('a page that was swapped out', at.page),
          note: `${plural(zswapEntries, 'page')} in zswap: ${plural(slotsOfZswap, 'slot')} of a device taken`,
        };
      },
    ),
};

export const zero: Situation = {
  title: 'a page of zeros',
  scene: {
    trace: 'pages 120\nW 0 20 seq 20 1 zero\nW 20 100 seq 100 1 mix:1024\n',
    pool: 'large',
    device: 'file',
  },
  ask: (stage) =>
    firstThat(
      stage,
      (at) => at.location.kind === 'zero',
      (at) => ({
        main: stage.view('a page of zeros that was swapped out', at.page),
        note:
          `${plural(stage.counted('swpout_zero'), 'page')} of zeros swapped out ` +
          `(swpout_zero), with bytes nowhere`,
      }),
    ),
};

export const ghostRefusal: Situation = {
  title: 'a page that zswap refuses and no device can take',
  scene: {
    trace: 'pages 108\nW 0 8 seq 8 1 rand\nW 8 100 seq 100 1 mix:1024\n',
    pool: 'large',
    device: 'none',
  },
  ask: (stage) =>
    firstThat(
      stage,
      (at) => at.location.kind === 'frame',
      (at) => {
        const [refused, poor, written] = (
          ['zswap.refused', 'zswap.reject_compress_fail', 'pswpout'] as const
        ).map((name) => stage.counted(name));
        return {
          main: stage.view('an incompressible page that was to be swapped out', at.page),
          note:
            `it stays in memory, dirty and with its entry: zswap refused ${refused!} of the pages ` +
            `it was given (zswap.reject_compress_fail ${poor!}), and ${written!} went to a device ` +
            `(pswpout)`,
        };
      },
    ),
};
