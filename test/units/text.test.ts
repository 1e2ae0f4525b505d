import { describe, expect, it } from 'vitest';
import { clipped, visible } from '../../src/units/index.ts';

describe('a text of others', () => {
  it('commands no terminal: C0, DEL and C1 are told, all else stays', () => {
    expect(visible('\u0000\n\u001b[31m\u007f\u0085é \u00a0→')).toBe(
      '\\x00\\x0a\\x1b[31m\\x7f\\x85é \u00a0→',
    );
  });

  it('is clipped as it is shown', () => {
    expect(clipped('\u001bab', 4)).toBe('\\x1b… (2 more characters)');
    expect(clipped('abcd', 4)).toBe('abcd');
  });
});
