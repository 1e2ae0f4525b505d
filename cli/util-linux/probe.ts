/**
 * Swap headers read as libblkid reads them, and the file behind a path, label or UUID.
 *
 * util-linux counterpart: lib/swapprober.c, libmount's mnt_resolve_spec, swapoff's
 * resolve_swapfile_tag. Beyond libblkid: ghost areas, which are shorter than ten pages.
 */
import {
  decodeHeader,
  labelText,
  SWAP_VERSION,
  uuidText,
  type SwapHeader,
} from '../../src/area/index.ts';
import { AreaFile, canonicalPath } from '../../src/device/area-file.ts';
import type { SystemPrograms } from '../../src/device/system-programs.ts';
import type { Program } from './program.ts';

/** @source util-linux libblkid/src/superblocks/swap.c swap_idinfo */
const PROBED_PAGE_SIZES = [4096, 8192, 16384, 32768, 65536] as const;

/** Finds a valid header of version 1 for any page size; null when there is none. */
export function probeHeader(firstBytes: Uint8Array): SwapHeader | null {
  for (const pageSize of PROBED_PAGE_SIZES) {
    const header = decodeHeader(firstBytes, pageSize);
    if (typeof header === 'string') continue;
    return header.version === SWAP_VERSION && header.lastPage > 0 ? header : null;
  }
  return null;
}

/** Reads the first bytes of a file or device; throws what the system throws. */
export function readFirstBytes(path: string, programs: SystemPrograms): Uint8Array {
  const file = AreaFile.open(path, { access: 'read', programs });
  try {
    return file.read(0, PROBED_PAGE_SIZES.at(-1)!);
  } finally {
    file.close();
  }
}

/** Tags that name an area; the last two are a partition table's, which only blkid knows. */
const TAGS = ['LABEL', 'UUID', 'PARTLABEL', 'PARTUUID'] as const;
export type Tag = (typeof TAGS)[number];

/** Reads `LABEL=name` and the like, the value in quotes or not; null for a path. */
export function parseTag(spec: string): { tag: Tag; value: string } | null {
  const match = /^([A-Z]+)=(?:"(.*)"|'(.*)'|(.*))$/s.exec(spec);
  const tag = TAGS.find((candidate) => candidate === match?.[1]);
  if (match === null || tag === undefined) return null;
  return { tag, value: match[2] ?? match[3] ?? match[4] ?? '' };
}

/**
 * Finds the file of a tag: among the given files by their headers, else by blkid among the devices.
 * @param candidates - paths of regular files, which blkid does not look at
 */
export function findByTag(
  program: Program,
  { tag, value }: { readonly tag: Tag; readonly value: string },
  candidates: readonly string[],
): string | null {
  const found = candidates.find((path) => tagOf(program, path, tag) === value);
  if (found !== undefined) return canonicalPath(found);
  const answer = program.system.findDevice(tag, value);
  if (answer !== 'missing') return answer.device;
  program.warn(
    `${tag}=${value}: the program blkid of util-linux is not installed, so labels and UUIDs are ` +
      'found in active areas and in files that the fstab names',
  );
  return null;
}

function tagOf(program: Program, path: string, tag: Tag): string | null {
  if (tag === 'PARTLABEL' || tag === 'PARTUUID') return null;
  let header: SwapHeader | null;
  try {
    header = probeHeader(readFirstBytes(path, program.system));
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) return null;
    throw error;
  }
  if (header === null) return null;
  return tag === 'LABEL' ? labelText(header.volume) : uuidText(header.uuid);
}

/** Says that there is no area of a name. @returns the status that util-linux makes of it: -1 */
export function cannotFind(program: Program, name: string): number {
  program.warn(`cannot find the device for ${name}`);
  return 255;
}
