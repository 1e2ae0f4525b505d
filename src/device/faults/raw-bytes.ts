/** Looks at a device, and changes of it, that are no transfers of anybody: past the model of time. */
import { PAGE_SIZE, type Outcome } from '../../units/index.ts';
import type { RawDevice } from './damage-device.ts';

/** Fills `into` from a range; zeros where the device has nothing to give. */
export function readRaw(raw: RawDevice, offset: number, into: Uint8Array, nowNs: number): Outcome {
  const isPaged = offset % PAGE_SIZE === 0 && into.length % PAGE_SIZE === 0;
  const outcome = isPaged
    ? raw.read(offset, pagesIn(into), into.length / PAGE_SIZE, nowNs)
    : raw.readSectors(offset, into, into.length, nowNs);
  if (outcome !== 'ok') into.fill(0);
  return outcome;
}

export function writeRaw(raw: RawDevice, offset: number, from: Uint8Array, nowNs: number): Outcome {
  const isPaged = offset % PAGE_SIZE === 0 && from.length % PAGE_SIZE === 0;
  return isPaged
    ? raw.write(offset, pagesIn(from), from.length / PAGE_SIZE, nowNs)
    : raw.writeSectors(offset, from, from.length, nowNs);
}

function pagesIn(bytes: Uint8Array): Uint8Array[] {
  return Array.from({ length: bytes.length / PAGE_SIZE }, (_, i) =>
    bytes.subarray(i * PAGE_SIZE, (i + 1) * PAGE_SIZE),
  );
}
