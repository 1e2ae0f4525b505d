/**
 * The access trace: which pages a program touched, in a binary file of our own. Its layout to the
 * byte stands in fixtures/access-trace-format.md; the numbers here are the same.
 *
 * Page ids in it are numbers in the order of first appearance, which is what one pass over a stream
 * can give; a table at the end has the page that each stood for where it was traced.
 */
import { parseContent, type Content } from '../content.ts';

/** Begins every access trace; no text does. */
export const ACCESS_TRACE_MAGIC: Uint8Array = Uint8Array.of(
  0x53,
  0x57,
  0x41,
  0x43,
  0x43,
  0x0d,
  0x0a,
  0x1a,
);
export const ACCESS_TRACE_VERSION = 1;

/** Offsets in the header. */
export const HEADER = {
  version: 8,
  tlbEntries: 12,
  reads: 16,
  stores: 24,
  writes: 32,
  drops: 40,
  operations: 48,
  phasesOffset: 56,
  fileBytes: 64,
  pages: 72,
  phases: 76,
  content: 80,
  contentBytes: 16,
  digest: 96,
  bytes: 128,
} as const;

/**
 * Bytes of the longest file, which is read whole: what one call of Node's reads and of its hashes
 * takes (INT_MAX).
 * @source node v20 lib/fs.js kIoMaxLength, src/crypto/crypto_hash.cc HashUpdate
 */
export const ACCESS_TRACE_BYTES_MAX: number = 2 ** 31 - 1;
/** Phases of the longest trace: each is a row of a run's tables. assumed */
export const ACCESS_PHASES_MAX = 4096;
/** Bytes of the longest label of a phase. assumed */
export const LABEL_BYTES_MAX = 400;
/** Entries of the largest TLB. assumed: twenty times the 3072 of Zen 4's second level */
export const TLB_ENTRIES_MAX = 65536;
/** Page numbers of what was traced are safe integers. */
export const PAGE_NUMBER_BYTES = 8;

/** What a page holds after it was written, for memory traces say nothing of that. */
export const CONTENT_MODELS = 'spread, rand, mix:K (K up to 4096), zero, fill:HH';

/** Reads a content model; null when it is none. */
export function parseContentModel(text: string): Content | null {
  const content = parseContent(text);
  return content?.kind === 'file' ? null : content;
}

/** True for a file that begins as an access trace does. */
export function isAccessTrace(bytes: Uint8Array): boolean {
  return ACCESS_TRACE_MAGIC.every((byte, index) => bytes[index] === byte);
}
