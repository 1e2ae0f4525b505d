/**
 * The header of a swap area: page 0, version 1. Bytes in, fields out, and back; no I/O.
 *
 *        0  bootbits      1024 bytes left to boot loaders and disk labels
 *     1024  version       u32, 1
 *     1028  last_page     u32, index of the last usable page; page 0 is this header
 *     1032  nr_badpages   u32
 *     1036  sws_uuid      16 bytes
 *     1052  sws_volume    16 bytes, the label, at most 15 and a NUL
 *     1068  padding       117 × u32
 *     1536  badpages      u32 each, up to the signature
 *     size of a page - 10 "SWAPSPACE2", no NUL
 *
 * Every u32 is in the byte order of the machine that made the area; a reader knows a foreign one by
 * its version. Kernel counterpart: union swap_header; util-linux: struct swap_header_v1_2.
 * Simplified on purpose: the emulated machine is little endian (x86-64); the signature of version 0,
 * which no kernel since 2.5.22 takes, is not recognised.
 * @source linux 6.18 include/linux/swap.h; util-linux include/swapheader.h
 */
import { assert } from '../units/index.ts';

export const SWAP_VERSION = 1;
/** Bytes of the bootbits, and so the offset of the first field. */
export const BOOTBITS_BYTES = 1024;
/** @source util-linux disk-utils/mkswap.c: smallest power of two that holds header and signature */
export const PAGE_SIZE_MIN = 2048;
export const UUID_BYTES = 16;
/** Bytes of a label without the NUL that ends it. */
export const LABEL_BYTES_MAX = 15;
export const UUID_OFFSET = 1036;
export const VOLUME_OFFSET = 1052;
export const SIGNATURE = 'SWAPSPACE2';
export const SIGNATURE_BYTES = 10;

const VOLUME_BYTES = 16;
const VERSION_OFFSET = 1024;
const LAST_PAGE_OFFSET = 1028;
const BAD_PAGE_COUNT_OFFSET = 1032;
const BAD_PAGES_OFFSET = 1536;

export type ByteOrder = 'little' | 'big';

/** What a header says, true or not: nothing here is checked but the signature. */
export interface SwapHeader {
  /** Bytes; a power of two, 2048 or more. */
  readonly pageSize: number;
  /** `big` only when the version is 1 when read so and is not when read as little endian. */
  readonly byteOrder: ByteOrder;
  readonly version: number;
  /** Index of the last usable page. */
  readonly lastPage: number;
  /** nr_badpages as declared; more than `badPages` holds when it exceeds what fits the page. */
  readonly badPageCount: number;
  readonly badPages: Uint32Array;
  /** 16 bytes; all zero for none. */
  readonly uuid: Uint8Array;
  /** 16 bytes, the label up to the first NUL. */
  readonly volume: Uint8Array;
}

export type HeaderProblem = 'too short' | 'no signature';

/** Bad pages that a header has room for: 637 at 4096 bytes. @source linux 6.18 MAX_SWAP_BADPAGES */
export function badPageCountMax(pageSize: number): number {
  return Math.floor((pageSize - SIGNATURE_BYTES - BAD_PAGES_OFFSET) / 4);
}

/** True for a page size that a header can be written for: a power of two, 2048 or more. */
export function isPageSize(bytes: number): boolean {
  return bytes >= PAGE_SIZE_MIN && bytes <= 2 ** 30 && Number.isInteger(Math.log2(bytes));
}

/** What `encodeHeader` is told; the rest of a header follows from it. */
export type NewHeader = Pick<
  SwapHeader,
  'pageSize' | 'byteOrder' | 'lastPage' | 'badPages' | 'uuid' | 'volume'
>;

/** Makes page 0 of an area of version 1: `pageSize` bytes, bootbits and padding zero. */
export function encodeHeader(header: NewHeader): Uint8Array {
  const { pageSize, badPages, uuid, volume } = header;
  assert(isPageSize(pageSize), 'a header is made for a page size that exists');
  assert(badPages.length <= badPageCountMax(pageSize), 'the bad pages fit the header');
  assert(uuid.length === UUID_BYTES && volume.length === VOLUME_BYTES, 'UUID and label fit');
  const page = new Uint8Array(pageSize);
  const view = new DataView(page.buffer);
  const isLittle = header.byteOrder === 'little';
  view.setUint32(VERSION_OFFSET, SWAP_VERSION, isLittle);
  view.setUint32(LAST_PAGE_OFFSET, header.lastPage, isLittle);
  view.setUint32(BAD_PAGE_COUNT_OFFSET, badPages.length, isLittle);
  page.set(uuid, UUID_OFFSET);
  page.set(volume, VOLUME_OFFSET);
  for (const [index, page] of badPages.entries())
    view.setUint32(BAD_PAGES_OFFSET + 4 * index, page, isLittle);
  page.set(new TextEncoder().encode(SIGNATURE), pageSize - SIGNATURE_BYTES);
  return page;
}

/**
 * Reads the fields of page 0.
 *
 * @param bytes - the first bytes of the area, any number of them
 * @param pageSize - 2048 or more; the signature is looked for at the end of a page of that size
 */
export function decodeHeader(bytes: Uint8Array, pageSize: number): SwapHeader | HeaderProblem {
  if (bytes.length < pageSize) return 'too short';
  if (!hasText(bytes, pageSize - SIGNATURE_BYTES, SIGNATURE)) return 'no signature';
  return readFields(bytes, pageSize);
}

/** Reads the fields of page 0 whatever its signature says, for one that a suspend has replaced. */
export function readFields(bytes: Uint8Array, pageSize: number): SwapHeader {
  assert(bytes.length >= pageSize, 'a header is a whole page');
  const view = new DataView(bytes.buffer, bytes.byteOffset, pageSize);
  const isBig =
    view.getUint32(VERSION_OFFSET, true) !== SWAP_VERSION &&
    view.getUint32(VERSION_OFFSET, false) === SWAP_VERSION;
  const read = (offset: number): number => view.getUint32(offset, !isBig);
  const badPageCount = read(BAD_PAGE_COUNT_OFFSET);
  const badPages = new Uint32Array(Math.min(badPageCount, badPageCountMax(pageSize)));
  for (let i = 0; i < badPages.length; i++) badPages[i] = read(BAD_PAGES_OFFSET + 4 * i);
  return {
    pageSize,
    byteOrder: isBig ? 'big' : 'little',
    version: read(VERSION_OFFSET),
    lastPage: read(LAST_PAGE_OFFSET),
    badPageCount,
    badPages,
    uuid: bytes.slice(UUID_OFFSET, UUID_OFFSET + UUID_BYTES),
    volume: bytes.slice(VOLUME_OFFSET, VOLUME_OFFSET + VOLUME_BYTES),
  };
}

/** Where a signature stands and what it says. */
export interface FoundSignature {
  readonly pageSize: number;
  /** `suspend` where software suspend has put its own in the place of swap's. */
  readonly kind: 'swap' | 'suspend';
}

/**
 * Page sizes that util-linux's swapon looks for a signature at. No machine has pages of 32 KiB.
 * @source util-linux sys-utils/swapon.c swap_get_header
 */
const SEARCHED_PAGE_SIZES = [4096, 8192, 16384, 65536] as const;
/** Bytes of an area that hold every signature that is searched for. */
export const SIGNATURE_SEARCH_BYTES = 65536;

/** @source util-linux sys-utils/swapon.c swap_detect_signature; the last is TuxOnIce's */
const SUSPEND_SIGNATURES = [
  'S1SUSPEND',
  'S2SUSPEND',
  'ULSUSPEND',
  'LINHIB0001',
  '\u00ed\u00c3\u0002\u00e9\u0098\u0056\u00e5\u000c',
] as const;

/** Looks for swap's or suspend's signature at the end of a page of every size in use. */
export function findSignature(bytes: Uint8Array): FoundSignature | null {
  for (const pageSize of SEARCHED_PAGE_SIZES) {
    const offset = pageSize - SIGNATURE_BYTES;
    if (hasText(bytes, offset, SIGNATURE)) return { pageSize, kind: 'swap' };
    if (SUSPEND_SIGNATURES.some((text) => hasText(bytes, offset, text)))
      return { pageSize, kind: 'suspend' };
  }
  return null;
}

/** Keeps no state between calls. Making one costs more than reading the rest of a header. */
const utf8 = new TextDecoder();

/** The label of a header, null for none. */
export function labelText(volume: Uint8Array): string | null {
  const end = volume.indexOf(0);
  if (end === 0) return null;
  return utf8.decode(end === -1 ? volume : volume.subarray(0, end));
}

/** The 16 bytes of a label: UTF-8, cut off after 15 bytes as mkswap and swaplabel do. */
export function volumeBytes(label: string): { volume: Uint8Array; isTruncated: boolean } {
  const bytes = new TextEncoder().encode(label);
  const volume = new Uint8Array(VOLUME_BYTES);
  volume.set(bytes.subarray(0, LABEL_BYTES_MAX));
  return { volume, isTruncated: bytes.length > LABEL_BYTES_MAX };
}

/** True when Latin-1 `text` stands at `offset`. */
function hasText(bytes: Uint8Array, offset: number, text: string): boolean {
  if (bytes.length < offset + text.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[offset + i] !== text.charCodeAt(i)) return false;
  return true;
}
