/**
 * Faults that are told: the transfer fails. In the kernel an error of a bio is one of all its pages
 * (mm/page_io.c end_swap_bio_write), and a file's transfer that is shorter than asked for is, too
 * (sio_write_complete and sio_read_complete: `ret != sio->len`).
 * @source linux 6.18 mm/page_io.c
 */
import { PAGE_SIZE, type Outcome } from '../../../units/index.ts';
import { SECTOR_SIZE } from '../../block-device.ts';
import {
  bytesOf,
  whole,
  type Extent,
  type FaultHost,
  type FaultKindDefinition,
  type Transfer,
} from './kind.ts';

export const eioRead: FaultKindDefinition = {
  about: 'read',
  apply: (device, transfer, extents) => {
    const fault = device.fire(whole(extents));
    readAside(device, transfer);
    device.ledger.told(fault, 'the read was told as EIO');
    return 'EIO';
  },
};

export const eioWrite: FaultKindDefinition = {
  about: 'write',
  apply: (device, _transfer, extents) => refuseWrite(device, extents, 'EIO'),
};

export const enospc: FaultKindDefinition = {
  about: 'write',
  apply: (device, _transfer, extents) => refuseWrite(device, extents, 'ENOSPC'),
};

export const shortRead: FaultKindDefinition = {
  about: 'read',
  apply: (device, transfer, extents) => {
    const fault = device.fire(whole(extents));
    const bytes = readAside(device, transfer);
    const part = partOf(device, transfer);
    if (device.hasBytes) copyFront(bytes, transfer, part);
    device.ledger.told(fault, `${part} of ${transfer.lengthBytes} bytes were read`);
    return 'EIO';
  },
};

export const shortWrite: FaultKindDefinition = {
  about: 'write',
  apply: (device, transfer, extents) => {
    const fault = device.fire(whole(extents));
    const part = partOf(device, transfer);
    // Pages that the part does not reach stay as they are.
    const unit = transfer.buffer === null ? PAGE_SIZE : SECTOR_SIZE;
    const lengthBytes = Math.ceil(part / unit) * unit;
    if (lengthBytes > 0) {
      const bytes = device.stored(transfer.offset, lengthBytes);
      bytesOf(device, transfer).copy(bytes, 0, 0, part);
      device.pass({ ...transfer, lengthBytes }, bytes);
    }
    device.ledger.told(fault, `${part} of ${transfer.lengthBytes} bytes were written`);
    return 'EIO';
  },
};

/**
 * The bios of a disk that was removed end with BLK_STS_IOERR, whatever the submitter is told
 * (block/blk-core.c __bio_queue_enter: GD_DEAD, bio_io_error).
 */
export const gone: FaultKindDefinition = {
  about: 'any',
  apply: (device, _transfer, extents) => {
    const fault = device.fire(whole(extents));
    device.isGone = true;
    device.ledger.told(fault, 'every transfer is told as EIO from here on');
    return 'EIO';
  },
};

/** The device refuses at once, and holds what it held. */
function refuseWrite(device: FaultHost, extents: readonly Extent[], outcome: Outcome): Outcome {
  const fault = device.fire(whole(extents));
  device.ledger.told(fault, `the write was told as ${outcome}`);
  return outcome;
}

/** Reads into memory of nobody; what damage that meets has told nobody anything. */
function readAside(device: FaultHost, transfer: Transfer): Buffer {
  const bytes = Buffer.alloc(device.hasBytes ? transfer.lengthBytes : 0);
  const met = device.ledger.metCount;
  device.pass(transfer, device.hasBytes ? bytes : null);
  device.ledger.forgetMet(met);
  return bytes;
}

/** Bytes that get through: whole sectors, at least one and not all; none of a single sector. */
function partOf(device: FaultHost, { lengthBytes }: Transfer): number {
  const sectors = lengthBytes / SECTOR_SIZE;
  return sectors === 1 ? 0 : (1 + device.stream.below(sectors - 1)) * SECTOR_SIZE;
}

function copyFront(bytes: Buffer, { pages, buffer }: Transfer, length: number): void {
  if (buffer !== null) buffer.set(bytes.subarray(0, length));
  else
    for (let at = 0; at < length; at += PAGE_SIZE)
      pages![at / PAGE_SIZE]!.set(bytes.subarray(at, Math.min(at + PAGE_SIZE, length)));
}
