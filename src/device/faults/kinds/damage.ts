/**
 * Faults that nobody is told of: a write is acknowledged, and what is stored is not what was
 * written. Each notes in the ledger which sectors of which pages are wrong.
 *
 * With payload none there are no bytes to damage: the notes alone say that a slot's content is not
 * what it was, and a read of it gives another content tag. The draws are the same.
 * Sources of the kinds: L. N. Bairavasundaram et al., "An Analysis of Data Corruption in the Storage
 * Stack" (FAST 2008): torn, lost and misdirected writes, bit corruption; and "An Analysis of Latent
 * Sector Errors in Disk Drives" (SIGMETRICS 2007).
 */
import { PAGE_SIZE } from '../../../units/index.ts';
import { SECTOR_SIZE } from '../../block-device.ts';
import { sectorsIn } from '../damage-device.ts';
import type { OpenFault } from '../fault-ledger.ts';
import { writeRaw } from '../raw-bytes.ts';
import {
  bytesOf,
  type Extent,
  type FaultHost,
  type FaultKindDefinition,
  type Transfer,
} from './kind.ts';

/** Draws of a target that lies clear of the transfer; then the write is lost. */
const TARGET_DRAWS_MAX = 16;
const SECTORS_PER_PAGE = PAGE_SIZE / SECTOR_SIZE;

/** A write whose bytes are being changed. */
interface Altered {
  readonly device: FaultHost;
  readonly transfer: Transfer;
  /** What was to be written. */
  readonly wanted: Buffer;
  /** What will be stored instead. */
  readonly stored: Buffer;
  /** What the device held, once somebody asks. */
  old: Buffer | null;
}

/** A page of the device and sectors of it. */
interface Sectors {
  readonly page: number;
  readonly mask: number;
}

export const tornWrite: FaultKindDefinition = {
  about: 'write',
  apply: (device, transfer, extents) =>
    writeAltered(device, transfer, extents, (altered, extent) => {
      const damaged: Sectors[] = [];
      for (const { page, mask } of sectorsOf(transfer, extent)) {
        // Sectors are written in order; those from the cut on keep what they held.
        const first = 31 - Math.clz32(mask & -mask);
        const count = 32 - Math.clz32(mask) - first;
        const cut = count === 1 ? 0 : 1 + device.stream.below(count - 1);
        const kept = mask & ~((1 << (first + cut)) - 1);
        damaged.push({ page, mask: keepOld(altered, page, kept) });
      }
      return damaged;
    }),
};

export const lostWrite: FaultKindDefinition = {
  about: 'write',
  apply: (device, transfer, extents) =>
    writeAltered(device, transfer, extents, (altered, extent) =>
      sectorsOf(transfer, extent).map(({ page, mask }) => ({
        page,
        mask: keepOld(altered, page, mask),
      })),
    ),
};

export const misdirectedWrite: FaultKindDefinition = {
  about: 'write',
  apply: (device, transfer, extents) =>
    writeAltered(device, transfer, extents, (altered, extent, fault) => {
      const target = drawTarget(device, extent);
      const damaged: Sectors[] = [];
      for (const { page, mask } of sectorsOf(transfer, extent)) {
        damaged.push({ page, mask: keepOld(altered, page, mask) });
        if (target === null) continue;
        misdirect(altered, { page, mask }, target + page - extent.first, fault);
      }
      return damaged;
    }),
};

export const bitRot: FaultKindDefinition = {
  about: 'write',
  apply: (device, transfer, extents) =>
    writeAltered(device, transfer, extents, ({ stored }, extent) => {
      const all = sectorsOf(transfer, extent);
      const { page, mask } = all[device.stream.below(all.length)]!;
      const within = Array.from({ length: SECTORS_PER_PAGE }, (_, i) => i).filter(
        (sector) => ((mask >> sector) & 1) === 1,
      );
      const sector = within[device.stream.below(within.length)]!;
      const bit = device.stream.below(SECTOR_SIZE * 8);
      const at = page * PAGE_SIZE + sector * SECTOR_SIZE - transfer.offset + (bit >>> 3);
      if (device.hasBytes) stored[at]! ^= 1 << (bit & 7);
      return [{ page, mask: 1 << sector }];
    }),
};

export const latent: FaultKindDefinition = {
  about: 'write',
  apply: (device, transfer, extents) =>
    writeAltered(
      device,
      transfer,
      extents,
      (_altered, extent) => sectorsOf(transfer, extent),
      true,
    ),
};

/**
 * Writes what `alter` makes of the bytes, and notes the sectors that it names as damaged.
 * A write that fails further down was told: its caller knows that nothing is sure.
 */
function writeAltered(
  device: FaultHost,
  transfer: Transfer,
  extents: readonly Extent[],
  alter: (altered: Altered, extent: Extent, fault: OpenFault) => Sectors[],
  isLatent = false,
): ReturnType<FaultKindDefinition['apply']> {
  const wanted = bytesOf(device, transfer);
  const altered: Altered = { device, transfer, wanted, stored: Buffer.from(wanted), old: null };
  const fired = extents.map((extent) => {
    const fault = device.fire(extent);
    return { fault, damaged: alter(altered, extent, fault) };
  });
  const outcome = device.pass(transfer, device.hasBytes ? altered.stored : null);
  for (const { fault, damaged } of fired) {
    if (outcome === 'ok')
      for (const { page, mask } of damaged) device.damage.damage(fault, page, mask, isLatent);
    else device.ledger.toldToo(fault);
    device.ledger.sealed(fault);
  }
  return outcome;
}

/** The sectors of a transfer in the pages of an extent. */
function sectorsOf({ offset, lengthBytes }: Transfer, extent: Extent): Sectors[] {
  return Array.from({ length: extent.count }, (_, i) => {
    const page = extent.first + i;
    return { page, mask: sectorsIn(page, offset, offset + lengthBytes) };
  });
}

/**
 * Leaves sectors as they are on the device.
 * @returns those of them that would have changed: where the old bytes are the new, nothing is wrong
 */
function keepOld(altered: Altered, page: number, mask: number): number {
  const { device, transfer, wanted, stored } = altered;
  if (!device.hasBytes) return mask;
  altered.old ??= device.stored(transfer.offset, transfer.lengthBytes);
  let wrong = 0;
  for (let sector = 0; sector < SECTORS_PER_PAGE; sector++) {
    if (((mask >> sector) & 1) === 0) continue;
    const from = page * PAGE_SIZE + sector * SECTOR_SIZE - transfer.offset;
    const to = from + SECTOR_SIZE;
    altered.old.copy(stored, from, from, to);
    if (altered.old.compare(wanted, from, to, from, to) !== 0) wrong |= 1 << sector;
  }
  return wrong;
}

/** First page of a place that has nothing in common with the extent, and not the header. */
function drawTarget(device: FaultHost, { first, count }: Extent): number | null {
  const places = device.sizeBytes / PAGE_SIZE - count;
  for (let draws = 0; draws < TARGET_DRAWS_MAX && places > 0; draws++) {
    const target = 1 + device.stream.below(places);
    if (Math.abs(target - first) >= count) return target;
  }
  return null;
}

/** Writes sectors of the transfer to the same place of another page. */
function misdirect(altered: Altered, from: Sectors, page: number, fault: OpenFault): void {
  const { device, transfer, wanted } = altered;
  const sector = 31 - Math.clz32(from.mask & -from.mask);
  const length = (32 - Math.clz32(from.mask) - sector) * SECTOR_SIZE;
  const source = from.page * PAGE_SIZE + sector * SECTOR_SIZE - transfer.offset;
  const target = page * PAGE_SIZE + sector * SECTOR_SIZE;
  if (device.hasBytes) {
    const bytes = wanted.subarray(source, source + length);
    writeRaw(device.raw, target, bytes, transfer.nowNs);
  }
  device.damage.superseded(target, length);
  device.damage.damage(fault, page, from.mask);
}
