import { describe, expect, it } from 'vitest';
import { nearestNames } from '../../src/units/index.ts';

describe('the names nearest to one that is none', () => {
  const NAMES = ['pswpin', 'pswpout', 'zswpin', 'write I/Os', 'mean run length', 'pages written'];

  it('are those a letter or two away, nearest first', () => {
    expect(nearestNames('pswpuot', NAMES, 1)).toEqual(['pswpout']);
    expect(nearestNames('pswpim', NAMES, 2)).toEqual(['pswpin', 'zswpin']);
  });

  it('come first when they hold it, whatever the case', () => {
    expect(nearestNames('RUN', NAMES, 1)).toEqual(['mean run length']);
    expect(nearestNames('write i/o', NAMES, 1)).toEqual(['write I/Os']);
  });

  it('are as many as asked for, or all', () => {
    expect(nearestNames('x', NAMES, 3)).toHaveLength(3);
    expect(nearestNames('x', ['a'], 3)).toEqual(['a']);
    expect(nearestNames('', NAMES, 9)).toHaveLength(NAMES.length);
  });
});
