/** Rules as text. */
import { describe, expect, it } from 'vitest';
import { FAULT_KINDS, formatFaultRule, parseFaultRule } from '../../../src/device/index.ts';
import { UsageError } from '../../../src/units/index.ts';

describe('a rule of faults', () => {
  it('reads back what it was written as', () => {
    for (const kind of FAULT_KINDS)
      for (const address of [
        'nth=1',
        'nth=3,every=7',
        'ppm=0.5',
        'time=1500ms',
        'page=9',
        'operation=12',
      ])
        for (const area of ['', 'area=/tmp/a=b.img,'])
          for (const times of ['', ',times=4']) {
            const text = `${kind},${area}${address}${times}`;
            const rule = parseFaultRule(text, 'test');
            expect(parseFaultRule(formatFaultRule(rule), 'test')).toEqual(rule);
            expect(formatFaultRule(rule)).toBe(text);
          }
    expect(parseFaultRule('stall,duration=2s', 'test').ns).toBe(2e9);
  });

  it('is the first matching operation when nothing is said', () => {
    expect(parseFaultRule('bit-rot', 'test').address).toEqual({ by: 'nth', nth: 1, every: null });
  });

  it.each([
    ['rot', /no kind of fault; accepted: eio-read/],
    ['eio-read,often', /'often' is not accepted; accepted: area=/],
    ['eio-read,nth=1,ppm=3', /ppm and nth exclude each other/],
    ['eio-read,nth=0', /a whole number from 1/],
    ['eio-read,nth=', /not accepted/],
    ['eio-read,ppm=2000000', /up to 1000000/],
    ['eio-read,ppm=NaN', /up to 1000000/],
    ['eio-read,nth=1,nth=2', /nth is given twice/],
    ['eio-read,ppm=1,every=2', /every=N belongs to nth/],
    ['eio-read,duration=2s', /belongs to stall and slow/],
    ['stall,duration=2h', /ns, us, ms or s/],
  ])('says what is accepted instead of %s', (text, message) => {
    const parse = (): unknown => parseFaultRule(text, '--fault');
    expect(parse).toThrow(UsageError);
    expect(parse).toThrow(message);
    expect(parse).toThrow(/^--fault: /);
  });
});
