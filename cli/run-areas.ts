/** The swap areas of a run: files that are there, active ones, or temporary ones of our own. */
import { rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openSwapArea, type ActiveArea, type ActiveAreas } from '../src/area/index.ts';
import {
  FileDevice,
  NullDevice,
  type BlockDevice,
  type DeviceChoice,
} from '../src/device/index.ts';
import {
  designName,
  specBytes,
  zramOfSpec,
  type AreaSpec,
  type PreparedArea,
  type RunSpec,
} from '../src/machine/index.ts';
import { chooseDesign } from '../src/swap/index.ts';
import {
  PAGE_SIZE,
  RunError,
  SWAPFILE_MAX_PAGES,
  UsageError,
  type Errno,
} from '../src/units/index.ts';
import type { CommandIo } from './command.ts';
import { command as mkswap } from './mkswap.ts';
import { makeTemporaryFolder } from './temporary-folder.ts';

/** Slots of the smallest area. @source util-linux mkswap */
const AREA_PAGES_MIN = 10;

/** Areas held by a run until `release`. */
export interface HeldAreas {
  readonly prepared: readonly PreparedArea[];
  release(): void;
  /** The file in the table of active areas; null of an area that is not in it. */
  fileIdOf(name: string): string | null;
  /** swapoff of one while the run goes on: it leaves the table. Its device stays open. */
  giveUp(name: string): void;
  /**
   * swapon of one while the run goes on: as swapon does, it stays in the table after the run.
   * @returns the area with the device that it had, or a new one; or what the call fails with
   */
  takeIn(path: string, priority: number | null): PreparedArea | Refusal;
}

/** Why an area cannot be taken in. */
export interface Refusal {
  readonly outcome: Errno;
  readonly detail: string;
}

/**
 * Takes the areas of a spec; without any, those that swapon has made active.
 * @throws UsageError, RunError naming the area; whatever was taken is given back
 */
export async function holdAreas(
  spec: RunSpec,
  active: ActiveAreas,
  io: CommandIo,
): Promise<HeldAreas> {
  const holder = new AreaHolder(spec, active, io);
  try {
    if (spec.areas.length > 0) await holder.takeAll();
    else if (!spec.noAreas) holder.takeActive();
  } catch (error) {
    holder.release();
    throw error;
  }
  return holder;
}

class AreaHolder implements HeldAreas {
  prepared: readonly PreparedArea[] = [];
  readonly #spec: RunSpec;
  readonly #active: ActiveAreas;
  readonly #io: CommandIo;
  /** Of areas that are this run's in the table, by name. */
  readonly #fileIds = new Map<string, string>();
  /** Of all areas that it has or had. */
  readonly #files = new Map<string, string>();
  readonly #folders: string[] = [];

  constructor(spec: RunSpec, active: ActiveAreas, io: CommandIo) {
    this.#spec = spec;
    this.#active = active;
    this.#io = io;
  }

  /** Takes all areas that swapon has made active. */
  takeActive(): void {
    const areas = this.#active.list();
    if (areas.length === 0 && needsNoArea(this.#spec)) return;
    if (areas.length === 0)
      throw new UsageError(
        'no swap area: give --swap SIZE for a temporary one, --area FILE for one that mkswap ' +
          'made, or make one active with swapon',
      );
    const outcome = this.#active.acquire(areas.map((area) => area.fileId));
    if (outcome !== 'ok')
      throw new RunError(`${areas.map((area) => area.path).join(', ')}: another run uses them`);
    for (const { path, fileId } of areas) this.#own(path, fileId);
    for (const area of areas) this.#open(area.path, area, this.#spec.device, { on: true });
  }

  /** Takes the areas of the spec; a zram gets a type that no file has. */
  async takeAll(): Promise<void> {
    const { areas } = this.#spec;
    for (const area of areas) if (area.zram === undefined) await this.#take(area);
    const files = [...this.prepared];
    const used = new Set(files.map(({ type }) => type));
    let type = 0;
    for (const [index, area] of areas.entries()) {
      if (area.zram === undefined) continue;
      while (used.has(type)) type += 1;
      this.#takeZram(index, type, `zram${this.prepared.length - files.length}`);
      type += 1;
    }
    const zrams = this.prepared.slice(files.length);
    // In the order of the spec.
    this.prepared = areas.map(({ zram }) => (zram === undefined ? files : zrams).shift()!);
  }

  async #take(area: AreaSpec): Promise<void> {
    const profile = area.device ?? this.#spec.device;
    if ((area.path === undefined) === (area.size === undefined))
      throw new UsageError('areas: each needs a path or a size, and not both');
    if (area.path !== undefined) this.#takeFile(area.path, area, profile);
    else if (this.#spec.payload === 'none') this.#takeImagined(area, profile);
    else await this.#takeTemporary(area, profile);
  }

  release(): void {
    for (const area of this.prepared) area.device.close();
    for (const folder of this.#folders) rmSync(folder, { recursive: true, force: true });
    if (this.#fileIds.size === 0) return;
    try {
      this.#active.release([...this.#fileIds.values()]);
    } catch (error) {
      // A full disk takes no note of it. The end of this process frees the areas all the same, and
      // what went wrong before must not hide behind this.
      if (!(error instanceof RunError)) throw error;
    }
  }

  fileIdOf(name: string): string | null {
    return this.#fileIds.get(name) ?? null;
  }

  giveUp(name: string): void {
    const fileId = this.#fileIds.get(name);
    if (fileId === undefined) return;
    this.#active.deactivate(fileId);
    this.#fileIds.delete(name);
  }

  takeIn(path: string, priority: number | null): PreparedArea | Refusal {
    const opened = openSwapArea(path, { active: this.#active.list() });
    if (opened.outcome !== 'ok')
      return { outcome: opened.outcome, detail: [...opened.log, opened.reason].join('; ') };
    const { path: name, uuid, label, kind, maxPages, pages, fileId } = opened;
    const known = this.prepared.find((area) => area.name === name);
    if (known !== undefined && !this.#isAsItWas(known, { maxPages, pages, fileId }))
      return { outcome: 'EINVAL', detail: 'not the area any more that the run had: made anew' };
    const request = { path: name, fileId, kind, maxPages, pages, priority, uuid, label };
    const row = this.#active.activate({ ...request, transient: false });
    if (typeof row === 'string') return { outcome: row, detail: REASONS[row] };
    if (this.#active.acquire([fileId]) !== 'ok')
      return { outcome: 'EBUSY', detail: 'another run was quicker' };
    this.#own(name, fileId);
    if (known !== undefined) return { ...known, priority: row.priority };
    try {
      // Where all areas have checksums, another one has them, too.
      const { areas } = this.#spec;
      const checksum = areas.length > 0 && areas.every((area) => area.checksum);
      this.#open(name, row, this.#spec.device, { on: true, checksum });
    } catch (error) {
      this.giveUp(name);
      throw error;
    }
    return this.prepared.at(-1)!;
  }

  /** True while the device that is open still is the area at its path. */
  #isAsItWas(
    { name, maxPages, badPages }: PreparedArea,
    now: { readonly maxPages: number; readonly pages: number; readonly fileId: string },
  ): boolean {
    const isSame = this.#files.get(name) === now.fileId && maxPages === now.maxPages;
    return isSame && maxPages - 1 - badPages.length === now.pages;
  }

  #own(name: string, fileId: string): void {
    this.#fileIds.set(name, fileId);
    this.#files.set(name, fileId);
  }

  #takeFile(path: string, area: AreaSpec, profile: DeviceChoice): void {
    const priority = area.priority ?? null;
    const known = this.#active.list();
    const { noFollow = false } = area;
    const opened = openSwapArea(path, { active: [], noFollow });
    if (opened.outcome !== 'ok')
      throw new RunError(
        `${path}: cannot be used as a swap area: ${opened.outcome}: ` +
          [...opened.log, opened.reason].join('; '),
      );
    const isActive = known.some((area) => area.fileId === opened.fileId);
    if (isActive) {
      if (this.#active.acquire([opened.fileId]) !== 'ok')
        throw new RunError(`${path}: EBUSY: another run uses it`);
    } else {
      const { uuid, label, kind, maxPages, pages, fileId } = opened;
      const request = { path: opened.path, fileId, kind, maxPages, pages, priority, uuid, label };
      const taken = this.#active.activate({ ...request, transient: true });
      if (typeof taken === 'string') throw new RunError(`${path}: ${taken}: ${REASONS[taken]}`);
    }
    this.#own(opened.path, opened.fileId);
    const row = this.#active.list().find((area) => area.fileId === opened.fileId)!;
    this.#open(path, row, profile, area);
  }

  async #takeTemporary(area: AreaSpec, profile: DeviceChoice): Promise<void> {
    const folder = makeTemporaryFolder();
    this.#folders.push(folder);
    const path = join(folder, area.ghost ? 'ghost.swap' : 'swap');
    const size = String(areaPages(area) * PAGE_SIZE);
    const complaints: string[] = [];
    const code = await mkswap.run(
      ['-q', '-F', ...(area.ghost ? ['--ghost'] : []), '-s', size, path],
      { ...this.#io, stdout: () => undefined, stderr: (text) => complaints.push(text) },
    );
    if (code !== 0) throw new RunError(`no temporary area: ${complaints.join('').trim()}`);
    this.#takeFile(path, area, profile);
  }

  /** With payload none an area needs no file: any size, up to what an entry can address. */
  #takeImagined(area: AreaSpec, profile: DeviceChoice): void {
    const pages = areaPages(area);
    const type = this.prepared.length;
    const name = `area${type}`;
    this.#add({
      type,
      name,
      kind: area.ghost ? 'ghost' : 'file',
      maxPages: pages,
      badPages: [],
      priority: area.priority ?? -2 - type,
      profile,
      device: new NullDevice({ name, sizeBytes: pages * PAGE_SIZE }),
      ...inFront(area),
      problem: () => null,
    });
  }

  /** A zram has no file; its backing device is one. The area's own profile is that of the device. */
  #takeZram(index: number, type: number, name: string): void {
    const area = this.#spec.areas[index]!;
    const maxPages = areaPages(area);
    const { backing: size } = area.zram!;
    const backing = size === undefined ? null : this.#openBacking(size, name);
    const zram = zramOfSpec(this.#spec, index, name, backing);
    this.#add({
      ...{ type, name, kind: 'partition', maxPages, badPages: [] },
      priority: area.priority ?? -2 - type,
      profile: 'zram',
      device: zram,
      zram,
      ...inFront(area),
      problem: () => {
        backing?.checkSize();
        return backing?.problem ?? null;
      },
    });
  }

  #openBacking(size: number | string, name: string): FileDevice {
    const folder = makeTemporaryFolder();
    this.#folders.push(folder);
    const path = join(folder, `${name}.backing`);
    const sizeBytes = specBytes(size, 'backing');
    // wx: the folder is ours alone, and so is what we make in it.
    writeFileSync(path, '', { mode: 0o600, flag: 'wx' });
    truncateSync(path, sizeBytes);
    return FileDevice.open(path, { expectBytes: sizeBytes });
  }

  #add(area: PreparedArea): void {
    this.prepared = [...this.prepared, area];
  }

  #open(path: string, row: ActiveArea, profile: DeviceChoice, area: AreaUse): void {
    const { noFollow = false } = area;
    const opened = openSwapArea(path, { active: [], noFollow });
    if (opened.outcome !== 'ok')
      throw new RunError(
        `${path}: ${opened.outcome}: ${[...opened.log, opened.reason].join('; ')}`,
      );
    const sizeBytes = row.maxPages * PAGE_SIZE;
    const isReal = row.kind !== 'ghost' && this.#spec.payload === 'bytes';
    const device: BlockDevice = isReal
      ? FileDevice.open(path, { expectBytes: sizeBytes, expectFileId: row.fileId })
      : new NullDevice({ name: path, sizeBytes });
    this.#add({
      type: row.type,
      name: row.path,
      kind: row.kind,
      maxPages: row.maxPages,
      badPages: [...opened.badPages],
      priority: row.priority,
      profile,
      device,
      ...inFront(area),
      problem: () => {
        if (!(device instanceof FileDevice)) return null;
        device.checkSize();
        return device.problem;
      },
    });
  }
}

/** How an area is used; an active one has none of the rest. */
type AreaUse = Pick<AreaSpec, 'on'> & Partial<Pick<AreaSpec, 'checksum' | 'buffer' | 'noFollow'>>;

/** What stands in front of the area's own device, and whether it is on. */
function inFront({
  on,
  checksum = false,
  buffer,
}: AreaUse): Pick<PreparedArea, 'isOn' | 'hasChecksums' | 'bufferBytes'> {
  const bufferBytes = buffer === undefined ? 0 : specBytes(buffer, 'buffer');
  return { isOn: on, hasChecksums: checksum, bufferBytes };
}

/** Whole pages of a temporary area. */
function areaPages(area: AreaSpec): number {
  const pages = Math.floor(specBytes(area.size!, 'swap size') / PAGE_SIZE);
  if (pages < AREA_PAGES_MIN || pages > SWAPFILE_MAX_PAGES)
    throw new UsageError(
      `swap size '${area.size!}': accepted: ${AREA_PAGES_MIN * PAGE_SIZE} bytes to 1T`,
    );
  return pages;
}

/** Designs whose entries are virtual, or that bring a device along, run without an area. */
function needsNoArea(spec: RunSpec): boolean {
  const { kind } = chooseDesign(designName(spec), 'design');
  return kind.isVirtual || kind.areas === 'growing';
}

const REASONS = { EBUSY: 'it is active already', EPERM: 'no more areas can be active' } as const;
