/** A mapped device over a recording one, with blobs to write. */
import { createCompressor, type Compressor } from '../../../src/codec/index.ts';
import { MappedDevice, type MappedOptions } from '../../../src/device/index.ts';
import type { Engine } from '../../../src/engine/index.ts';
import { PAGE_SIZE, type Outcome } from '../../../src/units/index.ts';
import { pageOf, RecordingDevice, testEngine } from './recording-device.ts';

export const lz4: Compressor = createCompressor('lz4', 'test');

/** A page that lz4 makes about `bytes` long: that many random bytes, then zeros. */
export function squeezable(seed: number, bytes: number): Uint8Array {
  return pageOf(seed).fill(0, Math.min(bytes, PAGE_SIZE));
}

/** What zswap would hold of a page: compressed, or as it is. */
export function blobOf(page: Uint8Array): Uint8Array {
  const target = Buffer.alloc(2 * PAGE_SIZE);
  const length = lz4.compress(page, target);
  return length < 0 ? page : Uint8Array.from(target.subarray(0, length));
}

export interface Fixture {
  readonly inner: RecordingDevice;
  readonly engine: Engine;
  readonly device: MappedDevice;
  /** Writes pages as they are from a slot on. */
  readonly write: (slot: number, ...pages: Uint8Array[]) => Outcome;
  /** Writes pages compressed, one batch. */
  readonly compressed: (
    slots: readonly number[],
    pages: readonly Uint8Array[],
    ages?: number[],
  ) => Outcome;
  /** Writes blobs of given lengths that nobody restores: for layouts. */
  readonly blobs: (
    slots: readonly number[],
    lengths: readonly number[],
    outcomes?: Outcome[],
  ) => Outcome;
  readonly read: (slot: number) => { outcome: Outcome; page: Uint8Array };
  readonly discard: (...slots: number[]) => void;
}

export function mapped(
  options: { readonly pages: number } & Omit<MappedOptions, 'inner' | 'engine' | 'hasBytes'> & {
      readonly hasBytes?: boolean;
    },
): Fixture {
  const { pages: pageCount, hasBytes = true, ...rest } = options;
  const inner = new RecordingDevice({ pages: pageCount, hasBytes });
  const engine = testEngine();
  const device = new MappedDevice({ inner, engine, hasBytes, ...rest });
  const batchOf = (slots: readonly number[], blobs: readonly Uint8Array[]) => ({
    slots,
    data: hasBytes ? Buffer.concat(blobs) : null,
    lengths: blobs.map((blob) => blob.length),
    count: slots.length,
    compressor: lz4,
  });
  return {
    inner,
    engine,
    device,
    write: (slot, ...pages) => device.write(slot * PAGE_SIZE, pages, pages.length, 0),
    compressed: (slots, pages, ages) =>
      device.writeCompressed(
        { ...batchOf(slots, pages.map(blobOf)), ...(ages === undefined ? {} : { ages }) },
        0,
      ),
    blobs: (slots, lengths, outcomes) =>
      device.writeCompressed(
        {
          ...batchOf(
            slots,
            lengths.map((length) => new Uint8Array(length).fill(length & 0xff)),
          ),
          ...(outcomes === undefined ? {} : { outcomes }),
        },
        0,
      ),
    read: (slot) => {
      const page = new Uint8Array(PAGE_SIZE).fill(0xee);
      const outcome = device.read(slot * PAGE_SIZE, [page], 1, 0);
      return { outcome, page };
    },
    discard: (...slots) => {
      for (const slot of slots) device.discard(slot * PAGE_SIZE, PAGE_SIZE);
    },
  };
}
