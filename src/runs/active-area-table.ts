/**
 * The table of active swap areas, shared by all processes that use one state database.
 *
 * Kernel counterpart: swap_info[], swap_active_head and least_priority of mm/swapfile.c 6.18. Each
 * change is one BEGIN IMMEDIATE transaction, which is what swap_lock and the inode lock are there.
 * Simplified on purpose: the kernel's table dies with the kernel; this one outlives processes, so
 * every change first clears what dead owners left behind.
 */
import type { ActivationRequest, ActiveArea, ActiveAreas } from '../area/active-areas.ts';
import { MAX_SWAPFILES, type Outcome } from '../units/index.ts';
import type { Connection } from './connection.ts';
import { isRunning, type ProcessIdentity } from './process-identity.ts';

/** The priority of the first area that leaves the choice to the kernel. */
const FIRST_DEFAULT_PRIORITY = -2;

interface AreaRow extends ActiveArea {
  readonly transient: number;
  /** Start of the owner in clock ticks since boot. */
  readonly ownerStart: number | null;
}

export class ActiveAreaTable implements ActiveAreas {
  readonly #connection: Connection;
  readonly #self: ProcessIdentity;

  constructor(connection: Connection, self: ProcessIdentity) {
    this.#connection = connection;
    this.#self = self;
  }

  /** Over a read-only database nothing is cleaned up: areas of dead owners are still listed. */
  list(): readonly ActiveArea[] {
    const rows = this.#rows();
    if (this.#connection.readonly || !rows.some(isOrphan)) return rows.map(areaOf);
    return this.#change((cleaned) => cleaned.map(areaOf));
  }

  activate(request: ActivationRequest): ActiveArea | 'EBUSY' | 'EPERM' {
    return this.#change((rows) => {
      // The kernel takes a type before it looks at the file (alloc_swap_info, then IS_SWAPFILE).
      const type = lowestFreeType(rows);
      if (type === MAX_SWAPFILES) return 'EPERM';
      if (rows.some((row) => row.fileId === request.fileId)) return 'EBUSY';
      const { transient, ...area } = request;
      const ownerPid = transient ? this.#self.pid : null;
      const priority = request.priority ?? nextDefaultPriority(rows);
      const active = { ...area, type, usedPages: 0, priority, ownerPid };
      this.#insert(active, transient ? this.#self : null);
      return active;
    });
  }

  deactivate(fileId: string): Outcome {
    return this.#change((rows) => {
      const row = rows.find((candidate) => candidate.fileId === fileId);
      if (row === undefined) return 'EINVAL';
      if (this.#belongsToOther(row)) return 'EBUSY';
      this.#remove(row);
      return 'ok';
    });
  }

  /** EINVAL when one of the files is not active; areas that are this process's own stay so. */
  acquire(fileIds: readonly string[]): Outcome {
    return this.#change((rows) => {
      const wanted = rows.filter((row) => fileIds.includes(row.fileId));
      if (wanted.length !== new Set(fileIds).size) return 'EINVAL';
      if (wanted.some((row) => this.#belongsToOther(row))) return 'EBUSY';
      for (const row of wanted) this.#setOwner(row, this.#self);
      return 'ok';
    });
  }

  /** Areas that are not this process's own are left alone. */
  release(fileIds: readonly string[]): void {
    this.#change((rows) => {
      const given = rows.filter((row) => fileIds.includes(row.fileId) && this.#isOwn(row));
      for (const row of given) this.#giveUp(row);
    });
  }

  setUsedPages(fileId: string, usedPages: number): void {
    this.#connection.run(
      'UPDATE active_area SET used_pages = ? WHERE file_id = ?',
      ...[usedPages, fileId],
    );
  }

  /** Does `action` on the table under the write lock, after dead owners' areas are cleaned up. */
  #change<T>(action: (rows: readonly AreaRow[]) => T): T {
    return this.#connection.transaction(() => {
      for (const row of this.#rows().filter(isOrphan)) this.#giveUp(row);
      return action(this.#rows());
    });
  }

  #rows(): AreaRow[] {
    return this.#connection.all<AreaRow>(
      `SELECT type, path, file_id AS fileId, kind, max_pages AS maxPages, pages,
         used_pages AS usedPages, priority, uuid, label, transient, owner_pid AS ownerPid,
         owner_start AS ownerStart
       FROM active_area ORDER BY type`,
    );
  }

  #insert(area: ActiveArea, owner: ProcessIdentity | null): void {
    this.#connection.run(
      `INSERT INTO active_area (type, path, file_id, kind, max_pages, pages, used_pages, priority,
         uuid, label, transient, owner_pid, owner_start)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ...[area.type, area.path, area.fileId, area.kind, area.maxPages, area.pages, area.usedPages],
      ...[area.priority, area.uuid, area.label],
      ...[owner === null ? 0 : 1, owner?.pid ?? null, owner?.startTicks ?? null],
    );
  }

  /** What the end of an owner does to its area: what was swapped out to it is gone either way. */
  #giveUp(row: AreaRow): void {
    if (row.transient === 1) this.#remove(row);
    else this.#setOwner(row, null);
  }

  #setOwner(row: AreaRow, owner: ProcessIdentity | null): void {
    this.#connection.run(
      `UPDATE active_area SET owner_pid = ?, owner_start = ?, used_pages = ? WHERE type = ?`,
      ...[owner?.pid ?? null, owner?.startTicks ?? null],
      ...[owner === null ? 0 : row.usedPages, row.type],
    );
  }

  /**
   * Takes a row out. Default priorities stay without a gap: those below move up by one. The
   * priority is read from the table, for an earlier removal may have moved the row itself.
   * @source linux 6.18 mm/swapfile.c swapoff, the branch for prio < 0
   */
  #remove({ type }: AreaRow): void {
    this.#connection.run(
      `UPDATE active_area SET priority = priority + 1
       WHERE priority < (SELECT priority FROM active_area WHERE type = ? AND priority < 0)`,
      type,
    );
    this.#connection.run('DELETE FROM active_area WHERE type = ?', type);
  }

  #isOwn(row: AreaRow): boolean {
    return row.ownerPid === this.#self.pid && row.ownerStart === this.#self.startTicks;
  }

  /** Dead owners are cleaned up before anything is decided, so any other owner is alive. */
  #belongsToOther(row: AreaRow): boolean {
    return row.ownerPid !== null && !this.#isOwn(row);
  }
}

function isOrphan({ ownerPid, ownerStart }: AreaRow): boolean {
  return ownerPid !== null && !isRunning({ pid: ownerPid, startTicks: ownerStart });
}

/** The area as the port shows it, without what only this table knows. */
function areaOf(row: AreaRow): ActiveArea {
  const { type, path, fileId, kind, maxPages, pages, usedPages, priority } = row;
  const { uuid, label, ownerPid } = row;
  return { type, path, fileId, kind, maxPages, pages, usedPages, priority, uuid, label, ownerPid };
}

/** The lowest type that no row has, MAX_SWAPFILES when all are taken; rows are sorted by type. */
function lowestFreeType(rows: readonly AreaRow[]): number {
  const gap = rows.findIndex((row, index) => row.type !== index);
  return gap === -1 ? rows.length : gap;
}

/** @source linux 6.18 mm/swapfile.c swapon: `prio = --least_priority`, which starts at -1 */
function nextDefaultPriority(rows: readonly AreaRow[]): number {
  const lowest = Math.min(0, ...rows.map((row) => row.priority));
  return lowest < 0 ? lowest - 1 : FIRST_DEFAULT_PRIORITY;
}
