/** Places, counts and reasons in words, for the notes of answers. */
import type { Location } from '../../swap/index.ts';
import type { Stage } from './stage.ts';

/** Where bytes are, in one phrase. */
export function describeLocation(location: Location): string {
  switch (location.kind) {
    case 'frame': {
      const state = location.writeback ? ', under writeback' : location.dirty ? ', dirty' : '';
      return `frame ${location.frame}${state}`;
    }
    case 'zero':
      return 'nowhere: a page of zeros';
    case 'filled':
      return `nowhere: a page of ${location.word} over and over`;
    case 'zswap':
      return (
        `zswap entry ${location.zswapEntry}, pool handle ${location.handle}: ` +
        `${location.lengthBytes} bytes at byte ${location.offset} of zspage ${location.zspage}`
      );
    case 'file':
      return (
        `slot ${location.slot} of area ${location.area} (${location.name}): ` +
        (location.offset === null
          ? `${location.lengthBytes} bytes in the RAM buffer of its device`
          : `${location.lengthBytes} bytes at byte ${location.offset}`)
      );
    case 'nowhere':
      return `nowhere: ${location.why}`;
  }
}

/** A design's own numbers now, such as its dead indices; empty when it has none. */
export function describeGauges(stage: Stage): string {
  const gauges = Object.entries(stage.machine.swap.design.gauges?.() ?? {});
  return gauges.map(([name, value]) => `${name} ${value}`).join(', ');
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/**
 * A machine whose pool is over its limit and that has written nothing: asks zswap to write back all
 * that it holds, as its shrinker would.
 * @returns what came of it; null when there is no such case, or when something was written
 */
export function refusedWriteback(stage: Stage): string | null {
  const { zswap, design } = stage.machine.swap;
  if (stage.counted('zswap.pool_limit_hit') === 0 || stage.counted('pswpout') > 0) return null;
  const before = stage.counted('zswap.reject_reclaim_fail');
  let written = 0;
  // The first look at an entry only takes its second chance away.
  for (let round = 0; round < 2; round++) {
    zswap.pickBatch(zswap.entries.count, stage.machine.memory.cgroup.id);
    written += zswap.writeBackPicked();
  }
  const refused = stage.counted('zswap.reject_reclaim_fail') - before;
  if (written > 0 || refused === 0) return null;
  const shrinker = design.backing.canWriteBack()
    ? 'its shrinker found nothing it may write'
    : 'its shrinker stands still, for no device takes pages';
  return (
    `never written back: the pool is at its limit and ${shrinker}; asked for all ${refused} pages ` +
    `it holds, each was refused (EINVAL; zswap.reject_reclaim_fail ${refused}, pswpout 0)`
  );
}
