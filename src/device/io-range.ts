/** What every device demands of a transfer; a transfer that breaks it is a bug of the caller. */
import { assert, PAGE_SIZE } from '../units/index.ts';
import { SECTOR_SIZE, type BlockDevice } from './block-device.ts';

/** Asserts that a byte range is whole pages inside the device. */
export function assertRange(device: BlockDevice, offsetBytes: number, lengthBytes: number): void {
  assert(offsetBytes % PAGE_SIZE === 0 && lengthBytes % PAGE_SIZE === 0, 'I/O is page by page');
  assert(offsetBytes >= 0 && lengthBytes > 0, 'I/O has a place and a length');
  assert(offsetBytes + lengthBytes <= device.sizeBytes, 'I/O stays inside the device');
}

/** Asserts a byte range for a write: as `assertRange`, and not the area's header (page 0). */
export function assertWriteRange(
  device: BlockDevice,
  offsetBytes: number,
  lengthBytes: number,
): void {
  assertRange(device, offsetBytes, lengthBytes);
  assert(offsetBytes >= PAGE_SIZE, 'swap I/O never writes the header');
}

/** Asserts that a transfer has a buffer of one page for each of its pages. */
export function assertBuffers(pages: readonly Uint8Array[], pageCount: number): void {
  assert(pages.length >= pageCount, 'a transfer has a buffer for each page');
  for (let i = 0; i < pageCount; i++)
    assert(pages[i]!.length === PAGE_SIZE, 'a buffer of a transfer holds one page');
}

/** Asserts that a byte range is whole sectors inside the device. */
export function assertSectors(device: BlockDevice, offsetBytes: number, lengthBytes: number): void {
  assert(
    offsetBytes % SECTOR_SIZE === 0 && lengthBytes % SECTOR_SIZE === 0,
    'sub-page I/O is sector by sector',
  );
  assert(offsetBytes >= 0 && lengthBytes > 0, 'I/O has a place and a length');
  assert(offsetBytes + lengthBytes <= device.sizeBytes, 'I/O stays inside the device');
}

/** Asserts sectors for a write: as `assertSectors`, and not the area's header (page 0). */
export function assertWriteSectors(
  device: BlockDevice,
  offsetBytes: number,
  lengthBytes: number,
): void {
  assertSectors(device, offsetBytes, lengthBytes);
  assert(offsetBytes >= PAGE_SIZE, 'swap I/O never writes the header');
}
