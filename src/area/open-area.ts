/**
 * Looks at the file under an area and judges it as swapon does.
 *
 * Kernel counterpart: the first half of swapon(2), steps 4 to 14. Becoming active is the table's
 * (`ActiveAreas`), which also decides between two processes that ask at once.
 */
import { AreaFile, canonicalPath, systemUse, unfollowedPath } from '../device/area-file.ts';
import { errnoOf } from '../device/file-device.ts';
import type { SystemPrograms } from '../device/system-programs.ts';
import { MAX_SWAPFILES, PAGE_SIZE } from '../units/index.ts';
import type { ActiveArea } from './active-areas.ts';
import { checkSwapArea, type AcceptedArea, type RefusedArea } from './swapon-check.ts';

export interface OpenAreaOptions {
  /** The active areas, for EBUSY and EPERM in the kernel's order; none when left out. */
  readonly active?: readonly ActiveArea[];
  /** How the system's programs are found. */
  readonly programs?: SystemPrograms;
  /** Refuse a symbolic link in the last component of the path with ELOOP. Default false. */
  readonly noFollow?: boolean;
}

/** An area that can be activated, and what `ActiveAreas.activate` wants to know of it. */
export interface OpenedArea extends AcceptedArea {
  /** Absolute path with links resolved. */
  readonly path: string;
  readonly fileId: string;
  /** Bytes of the file or device now. */
  readonly sizeBytes: number;
}

/** The file could not be used as an area. */
export interface UnopenedArea extends RefusedArea {
  readonly path: string;
}

/**
 * Opens the file or block device at `path` for reading and writing, never making it, checks it as
 * swapon(2) would, and closes it again.
 *
 * @returns the area; or the errno, the kernel's log lines and a reason for the user. EPERM when no
 *   type is free, EBUSY when the file is active here or is swap or a mount of the running system
 */
export function openSwapArea(
  path: string,
  options: OpenAreaOptions = {},
): OpenedArea | UnopenedArea {
  const active = options.active ?? [];
  const noFollow = options.noFollow ?? false;
  const resolved = noFollow ? unfollowedPath(path) : canonicalPath(path);
  const refuse = (outcome: RefusedArea['outcome'], reason: string): UnopenedArea => ({
    ...{ outcome, reason },
    ...{ log: [], path: resolved },
  });
  if (active.length >= MAX_SWAPFILES)
    return refuse('EPERM', `${MAX_SWAPFILES} areas are active; accepted: no more`);
  if (systemUse(resolved) !== null)
    return refuse('EBUSY', 'the running system itself uses it for swap or as a file system');
  let file: AreaFile | null = null;
  try {
    const { programs } = options;
    file = AreaFile.open(resolved, { noFollow, ...(programs === undefined ? {} : { programs }) });
    return judge(file, active);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ELOOP' && noFollow && file === null)
      return refuse(errno, 'it is a symbolic link, and links are not to be followed');
    const what = file === null ? 'opened for reading and writing' : 'read';
    return refuse(errno, `it cannot be ${what}`);
  } finally {
    file?.close();
  }
}

function judge(file: AreaFile, active: readonly ActiveArea[]): OpenedArea | UnopenedArea {
  const { type, fileId } = file.stat();
  const { path } = file;
  const isUsable = type !== 'other';
  const sizeBytes = isUsable ? file.sizeBytes() : 0;
  const verdict = checkSwapArea({
    firstPage: isUsable ? file.read(0, PAGE_SIZE) : new Uint8Array(),
    fileType: type,
    sizeBytes,
    // A ghost has nothing on the disk that could have holes.
    hasHoles: sizeBytes !== PAGE_SIZE && file.hasHoles(),
    isActive: active.some((area) => area.fileId === fileId),
  });
  return verdict.outcome === 'ok' ? { ...verdict, path, fileId, sizeBytes } : { ...verdict, path };
}
