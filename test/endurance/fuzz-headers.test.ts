import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { probeHeader } from '../../cli/util-linux/probe.ts';
import {
  badPageCountMax,
  checkSwapArea,
  decodeHeader,
  encodeHeader,
  findSignature,
  labelText,
  readFields,
  SIGNATURE,
  SIGNATURE_SEARCH_BYTES,
  uuidText,
  volumeBytes,
  type AreaFacts,
  type AreaVerdict,
} from '../../src/area/index.ts';
import { PAGE_SIZE, SWAPFILE_MAX_PAGES } from '../../src/units/index.ts';
import { tallyAllocations } from './support/allocations.ts';
import { fuzz, type Random } from './support/fuzz.ts';
import { EDGES } from './support/mutations.ts';

const folder = fileURLToPath(new URL('../../fixtures/golden-areas/', import.meta.url));
const images = readdirSync(folder)
  .filter((name) => name.endsWith('.img'))
  .map((name) => new Uint8Array(readFileSync(folder + name)).subarray(0, 8192));
const withBadPages = encodeHeader({
  ...{ pageSize: PAGE_SIZE, byteOrder: 'little', lastPage: 4095 },
  badPages: Uint32Array.from({ length: 637 }, (_, index) => 3 * index + 1),
  ...{ uuid: new Uint8Array(16).fill(7), volume: volumeBytes('fifteen letters').volume },
});
const GOLDEN: readonly Uint8Array[] = [...images, withBadPages];

/** Version, last page, number of bad pages, first and last bad page, words of UUID and label. */
const FIELDS = [1024, 1028, 1032, 1536, 1540, 4080, 1036, 1052, 1064] as const;
const SIGNATURES = [SIGNATURE, 'SWAP-SPACE', 'S1SUSPEND', 'LINHIB0001', 'SWAPSPACE1'] as const;

interface HeaderInput {
  readonly bytes: Uint8Array;
  readonly facts: Pick<AreaFacts, 'fileType' | 'sizeBytes' | 'hasHoles'>;
}

function mutateHeader(random: Random): HeaderInput {
  let bytes = copyOf(random.pick(GOLDEN));
  for (let left = 1 + random.below(5); left > 0; left--) bytes = changeHeader(random, bytes);
  const fileType = random.pick(['regular', 'regular', 'block', 'other'] as const);
  const sizeBytes = random.pick([
    0,
    1,
    4095,
    4096,
    40_960,
    81_920,
    4096 * 4096,
    2 ** 40,
    2 ** 53 - 1,
  ]);
  return { bytes, facts: { fileType, sizeBytes, hasHoles: random.once(8) } };
}

/** One buffer for all: an array of its own for each input costs more than what is done with it. */
const scratch = new Uint8Array(8192);

function copyOf(golden: Uint8Array): Uint8Array {
  scratch.set(golden);
  return scratch.subarray(0, golden.length);
}

function changeHeader(random: Random, bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  switch (random.below(7)) {
    case 0:
      if (bytes.length > 0) bytes[random.below(bytes.length)]! ^= 1 << random.below(8);
      return bytes;
    case 1: {
      const at = random.pick(FIELDS);
      const value = random.once(3) ? random.word() : random.pick(EDGES);
      if (at + 4 <= bytes.length) view.setUint32(at, value, !random.once(4));
      return bytes;
    }
    case 2: {
      const text = random.pick(SIGNATURES);
      const at = random.pick([2048, 4096, 8192]) - 10 + random.pick([0, 0, 0, 1, -1]);
      if (at + 10 <= bytes.length) bytes.set(new TextEncoder().encode(text).subarray(0, 10), at);
      return bytes;
    }
    case 3:
      return random.once(4) ? bytes.slice(0, random.below(bytes.length + 1)) : bytes;
    case 4: {
      if (!random.once(8)) return bytes;
      const longer = new Uint8Array(random.pick([PAGE_SIZE, 2 * PAGE_SIZE, 4 * PAGE_SIZE]));
      longer.set(bytes.subarray(0, longer.length));
      return longer;
    }
    case 5:
      if (bytes.length >= 1536) bytes.fill(random.below(256), 1536, Math.min(bytes.length, 4086));
      return bytes;
    default:
      // The other byte order, field by field.
      for (const at of [1024, 1028, 1032])
        if (at + 4 <= bytes.length) view.setUint32(at, view.getUint32(at, true), false);
      return bytes;
  }
}

function feedHeader({ bytes, facts }: HeaderInput): void {
  const found = findSignature(bytes);
  if (found !== null) readFields(bytes, found.pageSize);
  probeHeader(bytes);
  const header = decodeHeader(bytes, PAGE_SIZE);
  if (typeof header !== 'string') {
    labelText(header.volume);
    uuidText(header.uuid);
    if (header.badPages.length > badPageCountMax(PAGE_SIZE)) assert.fail('too many bad pages');
  }
  checkVerdict(checkSwapArea({ firstPage: bytes, isActive: false, ...facts }), facts);
}

/** What swapon may rely on when it takes an area. */
function checkVerdict(verdict: AreaVerdict, { fileType, sizeBytes }: HeaderInput['facts']): void {
  if (verdict.outcome !== 'ok') {
    if (!/^E[A-Z]+$/.test(verdict.outcome) || verdict.reason === '') assert.fail('no reason');
    return;
  }
  const { maxPages, pages, badPages, kind } = verdict;
  const problem =
    fileType === 'other' || maxPages > SWAPFILE_MAX_PAGES || pages < 1
      ? 'an area that nothing can use'
      : pages !== maxPages - 1 - badPages.length
        ? 'pages that do not add up'
        : kind !== 'ghost' && sizeBytes > PAGE_SIZE && maxPages * PAGE_SIZE > sizeBytes
          ? 'an area longer than its file'
          : badPages.some(
                (page, at) => page === 0 || page >= maxPages || page <= (badPages[at - 1] ?? 0),
              )
            ? 'bad pages that are outside or not in order'
            : null;
  if (problem !== null) assert.fail(`swapon takes ${problem}`);
}

describe('a header that somebody else wrote', () => {
  it('is taken or refused for a reason, 880 000 times, in memory of its own size', () => {
    const { taken } = fuzz<HeaderInput>({
      name: 'headers',
      count: 880_000,
      make: mutateHeader,
      feed: feedHeader,
      allowed: [],
    });
    expect(taken).toBeGreaterThan(0);
  });

  it('makes arrays of a page at most, whatever it claims', () => {
    const { fed } = fuzz<HeaderInput>({
      name: 'headers, allocations counted',
      count: 20_000,
      make: mutateHeader,
      feed: feedHeader,
      allowed: [],
      allocatedBytesMax: () => 4 * 4 * PAGE_SIZE,
    });
    expect(fed).toBe(20_000);
  });

  it('of 4096 bytes may claim 2^32 bad pages or pages', () => {
    const bytes = Uint8Array.from(withBadPages);
    const view = new DataView(bytes.buffer);
    view.setUint32(1032, 0xffffffff, true);
    const facts = {
      fileType: 'block',
      sizeBytes: 2 ** 44,
      hasHoles: false,
      isActive: false,
    } as const;
    const judge = (): AreaVerdict => checkSwapArea({ firstPage: bytes, ...facts });
    expect(judge()).toMatchObject({
      outcome: 'EINVAL',
      reason: expect.stringContaining('4294967295'),
    });
    view.setUint32(1032, 0, true);
    view.setUint32(1028, 0xffffffff, true);
    expect(judge()).toMatchObject({ outcome: 'ok', maxPages: SWAPFILE_MAX_PAGES });
    expect(tallyAllocations(judge)).toBeLessThan(16 * PAGE_SIZE);
  });

  it('is looked for in the first 64 KiB only', () => {
    expect(SIGNATURE_SEARCH_BYTES).toBe(65_536);
    const bytes = tallyAllocations(() => findSignature(new Uint8Array(SIGNATURE_SEARCH_BYTES)));
    expect(bytes).toBe(SIGNATURE_SEARCH_BYTES);
  });
});
