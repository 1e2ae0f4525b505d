import { describe, expect, it } from 'vitest';
import { parseZramSetting, ZRAM } from '../../../src/device/index.ts';

describe('what is written to the files of a zram device', () => {
  it.each([
    ['idle', 'all', { attribute: 'idle', age: null }],
    ['idle', '5000', { attribute: 'idle', age: 5000 }],
    ['writeback', 'huge', { attribute: 'writeback', flags: ZRAM.HUGE, ranges: [] }],
    [
      'writeback',
      'type=huge_idle',
      { attribute: 'writeback', flags: ZRAM.HUGE | ZRAM.IDLE, ranges: [] },
    ],
    [
      'writeback',
      'page_index=7 page_indexes=10-20',
      {
        attribute: 'writeback',
        flags: 0,
        ranges: [
          { first: 7, last: 7 },
          { first: 10, last: 20 },
        ],
      },
    ],
    [
      'recompress',
      'type=idle threshold=3000 max_pages=10 algo=deflate priority=1',
      {
        attribute: 'recompress',
        flags: ZRAM.IDLE,
        threshold: 3000,
        maxPages: 10,
        algorithm: 'deflate',
        priority: 1,
      },
    ],
    ['compact', '1', { attribute: 'compact' }],
    ['mem_limit', '64M', { attribute: 'mem_limit', pages: 16_384 }],
    ['mem_limit', '4097', { attribute: 'mem_limit', pages: 2 }],
    ['mem_limit', '0', { attribute: 'mem_limit', pages: 0 }],
    ['mem_used_max', '0', { attribute: 'mem_used_max' }],
    ['writeback_limit', '102400', { attribute: 'writeback_limit', pages: 102_400 }],
    ['writeback_limit_enable', '1', { attribute: 'writeback_limit_enable', isOn: true }],
    ['writeback_batch_size', '64', { attribute: 'writeback_batch_size', pages: 64 }],
  ])('reads %s %s', (attribute, value, setting) => {
    expect(parseZramSetting(attribute, value)).toEqual(setting);
  });

  it.each([
    ['backing_dev', '/dev/sda', /no attribute; accepted: idle, writeback, recompress/],
    ['toString', '1', /no attribute/],
    ['idle', 'some', /idle 'some' is not accepted; accepted: all, or/],
    ['writeback', 'cold', /accepted: idle, huge, huge_idle or incompressible/],
    ['writeback', 'idle huge', /accepted: idle/],
    ['writeback', 'page_indexes=9-3', /page_indexes=N-N/],
    ['writeback', 'page_indexes=9', /page_indexes=N-N/],
    ['writeback', 'page_index=x', /page_index=N/],
    ['recompress', 'type=cold', /type=idle\|huge\|huge_idle/],
    ['recompress', '', /type=idle/],
    ['recompress', 'priority=4', /priority=1\|2\|3/],
    ['compact', '', /any word/],
    ['mem_limit', '-1', /0 for no limit/],
    ['mem_limit', '64MB', /powers of 1024/],
    ['mem_used_max', '1', /accepted: 0/],
    ['writeback_limit', 'all', /number of pages/],
    ['writeback_limit_enable', 'yes', /accepted: 0, 1/],
    ['writeback_batch_size', '0', /from 1 to 4096/],
  ])('refuses %s %s, and says what is accepted', (attribute, value, message) => {
    expect(parseZramSetting(attribute, value)).toMatch(message);
  });
});
