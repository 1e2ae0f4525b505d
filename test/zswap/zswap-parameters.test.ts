import { describe, expect, it } from 'vitest';
import {
  kernelBoolean,
  parseZswapCgroupSetting,
  parseZswapSetting,
  whyFixed,
} from '../../src/zswap/index.ts';

describe('a value written to a parameter of zswap', () => {
  it.each([
    ['enabled', 'Y', true],
    ['enabled', 'no', false],
    ['shrinker_enabled', '1', true],
    ['shrinker_enabled', 'off', false],
    ['max_pool_percent', '35', 35],
    ['max_pool_percent', '0x10', 16],
    ['accept_threshold_percent', '010', 8],
    // The kernel has no limit of 100.
    ['accept_threshold_percent', '4294967295', 4294967295],
    ['max_compression_ratio', '0', 0],
    ['compressor', 'deflate', 'deflate'],
  ])('is read as the kernel reads it: %s %s', (name, text, value) => {
    expect(parseZswapSetting(name, text)).toEqual({ name, value });
  });

  it.each([
    ['enabled', 'maybe', /^enabled 'maybe' is not accepted; accepted: Y, N, 1, 0, on, off$/],
    ['max_pool_percent', '-1', /accepted: a whole number, 0 to 4294967295/],
    ['max_pool_percent', '4294967296', /accepted: a whole number, 0 to 4294967295/],
    ['max_pool_percent', '08', /'08' is not accepted/],
    ['max_pool_percent', '5%', /'5%' is not accepted/],
    ['compressor', 'lzo', /'lzo' is not accepted; accepted: no maintained library .*lz4, zstd/],
    ['compressor', 'gzip', /'gzip' is not accepted; accepted: lz4, zstd, deflate/],
    ['zpool', 'zbud', /^'zpool' is no parameter of zswap; accepted: enabled, compressor, /],
    ['constructor', 'x', /is no parameter/],
  ])('is refused with what is accepted: %s %s', (name, text, message) => {
    expect(parseZswapSetting(name, text)).toMatch(message);
  });

  it('is one that the version can be told while it runs', () => {
    expect(whyFixed('6.18', 'compressor')).toBeNull();
    expect(whyFixed('2013', 'max_compression_ratio')).toBeNull();
    expect(whyFixed('2013', 'enabled')).toMatch(/2013 cannot change enabled .*max_pool_percent/);
    expect(whyFixed('6.12', 'max_compression_ratio')).toMatch(/accepted: enabled, compressor/);
  });
});

describe('a value written to a cgroup\u2019s file', () => {
  it.each([
    ['zswap.max', 'max', { file: 'zswap.max', bytes: Infinity }],
    ['zswap.max', '0', { file: 'zswap.max', bytes: 0 }],
    ['zswap.max', '8191', { file: 'zswap.max', bytes: 4096 }],
    ['memory.zswap.max', '3M', { file: 'zswap.max', bytes: 3 * 2 ** 20 }],
    ['zswap.max', '0x10k', { file: 'zswap.max', bytes: 16384 }],
    ['zswap.writeback', '0', { file: 'zswap.writeback', isOn: false }],
    ['memory.zswap.writeback', '1', { file: 'zswap.writeback', isOn: true }],
  ])('is read as the kernel reads it: %s %s', (file, text, setting) => {
    expect(parseZswapCgroupSetting(file, text)).toEqual(setting);
  });

  it.each([
    ['zswap.max', 'all', /zswap\.max 'all' is not accepted; accepted: max, or bytes/],
    ['zswap.max', '1.5M', /'1\.5M' is not accepted/],
    ['zswap.max', '9999999T', /is not accepted/],
    ['zswap.writeback', 'Y', /'Y' is not accepted; accepted: 0, 1/],
    ['zswap.current', '1', /'zswap\.current' is no file of zswap; accepted: zswap\.max, /],
  ])('is refused with what is accepted: %s %s', (file, text, message) => {
    expect(parseZswapCgroupSetting(file, text)).toMatch(message);
  });
});

describe('a boolean of the kernel', () => {
  it('goes by its first letter, behind an o by the second', () => {
    expect(['y', 'YES', 'true', '1', 'on', 'On'].map(kernelBoolean)).not.toContain(false);
    expect(['n', 'No', 'false', '0', 'off', 'oF'].map(kernelBoolean)).not.toContain(true);
    expect(['', 'o', '2', 'x', ' y'].map(kernelBoolean)).toEqual([null, null, null, null, null]);
  });
});
