/**
 * The port to the table of active swap areas. Implemented by `src/runs` over the state
 * database, so that several processes see one table.
 */
import type { Outcome } from '../units/index.ts';

/** What /proc/swaps calls the type of an area. */
export type AreaKind = 'file' | 'partition' | 'ghost';

/** One active area, as swapon left it. */
export interface ActiveArea {
  /** Swap type: the lowest free number below MAX_SWAPFILES when it was activated. */
  readonly type: number;
  /** Absolute path with links resolved. */
  readonly path: string;
  /** Identity of the file behind the path: `device:inode`, for block devices `block:major:minor`. */
  readonly fileId: string;
  readonly kind: AreaKind;
  /** Slots including the header page, after truncation to what swaplab can address. */
  readonly maxPages: number;
  /** Usable slots: without header and bad pages. */
  readonly pages: number;
  readonly usedPages: number;
  /** 0 to 32767, or what the kernel picked: -2, -3, … */
  readonly priority: number;
  readonly uuid: string | null;
  readonly label: string | null;
  /** Process that runs a machine on the area now; null when none does. */
  readonly ownerPid: number | null;
}

export interface ActivationRequest {
  readonly path: string;
  readonly fileId: string;
  readonly kind: AreaKind;
  readonly maxPages: number;
  readonly pages: number;
  /** 0 to 32767; null lets the kernel's rule pick: one below the lowest, starting at -2. */
  readonly priority: number | null;
  readonly uuid: string | null;
  readonly label: string | null;
  /**
   * True for an area that a run takes for itself: it is owned by this process from the start, and
   * gone from the table when the process gives it back or dies.
   */
  readonly transient: boolean;
}

export interface ActiveAreas {
  /** Active areas by type. Areas of dead owners have been cleaned up first. */
  list(): readonly ActiveArea[];

  /**
   * Makes an area active in one transaction.
   * @returns the area; EBUSY when the same file is active already; EPERM when no type is free
   */
  activate(request: ActivationRequest): ActiveArea | 'EBUSY' | 'EPERM';

  /**
   * Ends an area. Areas of negative priority below it move up by one, as in 6.18.
   * @returns EINVAL when it is not active; EBUSY while another live process owns it
   */
  deactivate(fileId: string): Outcome;

  /** Takes active areas for this process, all or none; EBUSY when a live process owns one. */
  acquire(fileIds: readonly string[]): Outcome;

  /** Gives areas back; transient ones leave the table. */
  release(fileIds: readonly string[]): void;

  /** Notes how many slots are used now, for `swapon --show`. */
  setUsedPages(fileId: string, usedPages: number): void;
}
