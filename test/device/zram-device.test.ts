import { beforeEach, describe, expect, it } from 'vitest';
import { createCompressor } from '../../src/codec/index.ts';
import { ZramDevice } from '../../src/device/index.ts';
import { CostProfile, Engine } from '../../src/engine/index.ts';
import { PAGE_SIZE } from '../../src/units/index.ts';

const costs = new CostProfile({ name: 'free', description: '', prices: {} });
const noise = Buffer.alloc(PAGE_SIZE);
for (let at = 0, x = 1; at < PAGE_SIZE; at += 4) {
  x = Math.imul(x, 1664525) + 1013904223;
  noise.writeInt32LE(x ^ (x >>> 15), at);
}
const contents: Readonly<Record<string, Buffer>> = {
  zeros: Buffer.alloc(PAGE_SIZE),
  'one byte over and over': Buffer.alloc(PAGE_SIZE, 0x5a),
  'one word over and over': Buffer.alloc(PAGE_SIZE, '01234567'),
  text: Buffer.alloc(PAGE_SIZE, 'a page of text, and '),
  'half noise': Buffer.concat([noise.subarray(0, PAGE_SIZE / 2), Buffer.alloc(PAGE_SIZE / 2)]),
  noise,
};

describe('a zram device', () => {
  let device: ZramDevice;

  beforeEach(() => {
    device = new ZramDevice({
      name: 'zram0',
      sizeBytes: 64 * PAGE_SIZE,
      engine: new Engine({ seed: 1, cpuCount: 1, costs }),
      compressor: createCompressor('lz4', 'test'),
    });
  });

  const write = (slot: number, bytes: Uint8Array): void => {
    expect(device.write(slot * PAGE_SIZE, [bytes], 1, 0)).toBe('ok');
  };
  const read = (slot: number): Buffer => {
    const page = Buffer.alloc(PAGE_SIZE, 0xee);
    expect(device.read(slot * PAGE_SIZE, [page], 1, 0)).toBe('ok');
    return page;
  };

  it.each(Object.keys(contents))('gives back a page of %s', (kind) => {
    // The caller's buffer is used again for something else.
    const buffer = Buffer.from(contents[kind]!);
    write(3, buffer);
    buffer.fill(0x77);
    expect(read(3).equals(contents[kind]!)).toBe(true);
    expect(read(4).equals(contents['zeros']!)).toBe(true);
  });

  it('keeps the last of what a slot was given', () => {
    for (const [kind, bytes] of Object.entries(contents)) {
      write(5, bytes);
      expect(read(5).equals(bytes), kind).toBe(true);
      expect(device.stat().origDataBytes).toBe(PAGE_SIZE);
    }
  });

  it('takes no memory for pages of one word, and a whole page for noise', () => {
    write(1, contents['one byte over and over']!);
    write(4, contents['one word over and over']!);
    expect(device.stat()).toMatchObject({ memUsedBytes: 0, comprDataBytes: 0, samePages: 2 });
    write(2, noise);
    expect(device.stat()).toMatchObject({
      origDataBytes: 3 * PAGE_SIZE,
      comprDataBytes: PAGE_SIZE,
      memUsedBytes: PAGE_SIZE,
      hugePages: 1,
    });
    write(3, contents['text']!);
    expect(device.stat().comprDataBytes).toBeLessThan(PAGE_SIZE + 200);
  });

  it('gives all back: slot by slot when told that nobody wants them, and at the end', () => {
    const all = Object.values(contents);
    for (let slot = 1; slot <= 60; slot++) write(slot, all[slot % all.length]!);
    const full = device.stat();
    expect(device.discard(PAGE_SIZE, 30 * PAGE_SIZE)).toBe('ok');
    expect(device.stat().comprDataBytes).toBe(full.comprDataBytes / 2);
    expect(read(2).equals(contents['zeros']!)).toBe(true);
    expect(read(32).equals(contents['one word over and over']!)).toBe(true);
    device.close();
    expect(device.stat()).toMatchObject({
      origDataBytes: 0,
      comprDataBytes: 0,
      memUsedBytes: 0,
      samePages: 0,
      hugePages: 0,
    });
  });
});
