import { describe, expect, it } from 'vitest';
import { grouped } from '../../../src/report/text/figures.ts';

describe('a figure with commas', () => {
  it.each([
    0,
    7,
    999,
    1000,
    65_982,
    -1234,
    123_456_789,
    2 ** 53 - 1,
    0.5,
    1234.56,
    -0.125,
    999.9996,
  ])('is written as toLocaleString does: %d', (value) => {
    expect(grouped(value)).toBe(value.toLocaleString('en-US'));
  });
});
