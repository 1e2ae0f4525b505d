/**
 * The swap areas of a machine: swapon, swapoff while it runs, and what became of each. Also the
 * devices without a file that some designs bring along.
 */
import {
  deviceProfile,
  NullDevice,
  type CompressedForm,
  type Drive,
  type ZramDevice,
  type ZramSetting,
} from '../device/index.ts';
import type { Engine } from '../engine/index.ts';
import { ROLE, SlotArea, slotMapOf, type SlotMap } from '../slots/index.ts';
import {
  VIRTUAL_TYPE,
  type AreaTraffic,
  type DesignKind,
  type SwapoffResult,
  type MetadataTerm,
  type SwapSystem,
} from '../swap/index.ts';
import {
  assert,
  makeSwapEntry,
  PAGE_SIZE,
  RunError,
  SWAPFILE_MAX_PAGES,
  UsageError,
} from '../units/index.ts';
import {
  deviceTerms,
  slotListener,
  slotsOf,
  stackDevices,
  type AreaDeviceOptions,
  type AreaDevices,
  type FaultPlan,
} from './area-device.ts';
import { diskWrites } from './disk-writes.ts';
import { fragmentationOf, UNFRAGMENTED } from './fragmentation.ts';
import type { PreparedArea } from './prepared-area.ts';
import type { AreaResult, SteeringOutcome } from './run-result.ts';
import {
  applyZramSetting,
  areaFigures,
  sumOfFigures,
  type ZramSettingResult,
} from './zram-area.ts';
import { checkWear, wearFigures } from './wear.ts';

/** Slots of a design's own device, as a multiple of the machine's memory. */
const OWN_AREA = {
  /** @source swap table phase IV RFC, /dev/ghostswap */
  'ghost-above': { name: 'ghost', ramMultiple: 8, growth: 'fixed' },
  /** @source xswap v2 */
  growing: { name: 'xswap0', ramMultiple: 2, growth: 'chunked' },
} as const;
/** A design's own device comes before all areas. */
const OWN_PRIORITY = 0x7fff;

/** What is known of an area over its on and off. */
interface KnownArea {
  area: PreparedArea;
  readonly growth: 'fixed' | 'chunked';
  readonly devices: AreaDevices;
  isOn: boolean;
  /** The latest swapoff found no memory: the area has stayed on. */
  hasStayedOn: boolean;
  /** Given up on request: the workload's own swapon and swapoff of it do nothing. */
  isGivenUp: boolean;
  /** Of the times before it was given up. */
  before: AreaTraffic;
  usablePages: number;
}

const NO_TRAFFIC: AreaTraffic = { pagesRead: 0, pagesWritten: 0, reads: 0, writes: 0 };

/** A swapoff of the workload whose area was given up before. */
const NOT_IN_USE: SwapoffResult = {
  ...{ outcome: 'EINVAL', pagesRead: 0, ptesVisited: 0, tableWordsVisited: 0 },
  ...{ minorFaultsLeft: 0, lockHolds: 0 },
};

export interface MachineAreasOptions {
  /** False with payload none. */
  readonly hasBytes: boolean;
  /** In which form zswap writes compressed pages back; off when absent. */
  readonly compressedWriteback?: CompressedForm | 'off';
  /** The drive that areas on flash are on; absent: that of each device's profile. */
  readonly drive?: Drive | null;
  /** What goes wrong; nothing when absent. */
  readonly faults?: FaultPlan | null;
  /** Something rare has happened to an area. */
  readonly onEvent?: (kind: string, detail: string) => void;
}

export class MachineAreas {
  readonly #engine: Engine;
  readonly #swap: SwapSystem;
  readonly #kind: DesignKind;
  readonly #deviceOptions: AreaDeviceOptions;
  readonly #drive: Drive | null;
  readonly #known: KnownArea[] = [];
  /** Those of the areas that are in compressed memory: asked after each operation. */
  readonly #zrams: ZramDevice[] = [];
  readonly #onEvent: (kind: string, detail: string) => void;

  constructor(
    engine: Engine,
    swap: SwapSystem,
    kind: DesignKind,
    options: MachineAreasOptions = { hasBytes: false },
  ) {
    this.#engine = engine;
    this.#swap = swap;
    this.#kind = kind;
    const { hasBytes, compressedWriteback = 'off', drive = null, faults = null } = options;
    const { onEvent } = options;
    this.#drive = drive;
    this.#onEvent = onEvent ?? (() => undefined);
    this.#deviceOptions = {
      ...{ engine, hasBytes, compressedWriteback, faults, freeShare: drive?.freeShare ?? 0 },
      onMismatch: (area, { slot, expected, found, because }) => {
        // A look at a killed task's pages tells nobody anything.
        if (faults?.ledger.isPaused === true) return;
        onEvent?.(
          'checksum',
          `${area.name}: slot ${slot}: read ${found} where ${expected} was written (xxh64)` +
            (because === undefined ? '' : `: ${because}`),
        );
      },
    };
  }

  /** Takes an area that was opened, and puts it to use unless it is to be off at first. */
  add(area: PreparedArea): void {
    if (this.#kind.isVirtual && area.kind === 'ghost')
      throw new UsageError(
        `${area.name}: a ghost area has no use under virtual slots; give a file, or none`,
      );
    if (area.type >= VIRTUAL_TYPE)
      throw new UsageError(`${area.name}: at most ${VIRTUAL_TYPE} areas can be in use`);
    this.#add(area, 'fixed');
  }

  /**
   * Makes the device without a file that the design brings along, if it does.
   * @param pages - its slots, where they shall not be a multiple of the machine's memory
   */
  addOwn(ramPages: number, pages: number | null = null): void {
    const { areas } = this.#kind;
    if (areas !== 'ghost-above' && areas !== 'growing') return;
    if (areas === 'ghost-above' && this.#known.some(({ area }) => area.kind === 'ghost')) return;
    const own = OWN_AREA[areas];
    const maxPages = Math.min(pages ?? ramPages * own.ramMultiple, SWAPFILE_MAX_PAGES);
    const type = this.#freeType();
    const device = new NullDevice({ name: own.name, sizeBytes: maxPages * PAGE_SIZE });
    this.#add(
      {
        type,
        name: own.name,
        kind: 'ghost',
        maxPages,
        badPages: [],
        priority: OWN_PRIORITY,
        profile: 'nvme',
        device,
        problem: () => null,
      },
      own.growth,
    );
  }

  /** @throws UsageError when no area of the run is called so */
  require(name: string): void {
    this.#find(name);
  }

  isOn(name: string): boolean {
    return this.#find(name).isOn;
  }

  /** @throws UsageError when a rule is about an area that is none, or that cannot fail */
  requireFaults(): void {
    for (const { area: name } of this.#deviceOptions.faults?.rules ?? []) {
      if (name === null) continue;
      if (this.#find(name).area.kind === 'ghost')
        throw new UsageError(`faults: area=${name}: a ghost has no device that could fail`);
    }
  }

  /** Nothing is in use any more: no damage will be found, or found to be none. */
  finishFaults(): void {
    const { faults } = this.#deviceOptions;
    if (faults === null) return;
    for (const { devices } of this.#known)
      faults.ledger.finish(devices.faults?.damage.sites() ?? []);
    assert(faults.ledger.openCount === 0, 'every fault is decided when nothing is in use');
  }

  /** @throws UsageError when no area of the run is called so, or it is no zram */
  requireZram(name: string): ZramDevice {
    const { zram } = this.#find(name).area;
    if (zram !== undefined) return zram;
    const accepted = this.#known.flatMap(({ area }) => (area.zram === undefined ? [] : area.name));
    throw new UsageError(
      `zram ${name}: the area is no zram; accepted: ${accepted.join(', ') || 'none in this run'}`,
    );
  }

  /** Writes to a file of a zram in /sys. */
  setZram(name: string, setting: ZramSetting): ZramSettingResult {
    return applyZramSetting(this.#engine, this.requireZram(name), setting);
  }

  /** Figures of all zrams together; null where there are none. */
  zramFigures(): Record<string, number> | null {
    return sumOfFigures(this.#zrams);
  }

  /** Calls of compressors by devices so far. */
  get codecCalls(): number {
    let calls = 0;
    for (const zram of this.#zrams) calls += zram.compressions + zram.decompressions;
    return calls;
  }

  /** After the last task has gone a zram holds nothing, in memory or on its backing device. */
  checkEmpty(): void {
    for (const zram of this.#zrams) {
      zram.checkInvariants();
      const { origDataBytes, memUsedBytes, bdCount } = zram.stat();
      assert(origDataBytes + memUsedBytes + bdCount === 0, 'every page of a zram came back');
    }
    for (const known of this.#known) {
      const { area, devices } = known;
      // What faults drop, tear or send elsewhere is not what the swap core has written.
      const bytesWritten = devices.faults === null ? this.#bytesWritten(known) : null;
      checkWear(devices.timed.wear, area.name, bytesWritten);
      devices.mapped?.checkInvariants();
      const live = devices.mapped?.stats().liveBytes ?? 0;
      assert(live === 0, 'every blob of a location map came back');
    }
  }

  swapoff(name: string): SwapoffResult {
    const known = this.#find(name);
    if (known.isGivenUp) {
      this.#onEvent('swapoff', `${name}: EINVAL: it was given up on request`);
      return NOT_IN_USE;
    }
    if (!known.isOn) throw new UsageError(`swapoff ${name}: EINVAL: the area is not in use`);
    // The tally is an object that goes on being counted until the area has gone.
    const traffic = this.#swap.traffic(known.area.type);
    const result = this.#swap.swapoff(known.area.type);
    if (result.outcome === 'ok') {
      known.isOn = false;
      known.before = plus(known.before, traffic);
    } else {
      known.hasStayedOn = true;
    }
    return result;
  }

  swapon(name: string): void {
    const known = this.#find(name);
    if (known.isGivenUp) {
      this.#onEvent('swapon', `${name}: it was given up on request, and stays so`);
      return;
    }
    // A trace cannot know that its swapoff would fail.
    if (known.isOn && known.hasStayedOn) {
      known.hasStayedOn = false;
      return;
    }
    if (known.isOn) throw new UsageError(`swapon ${name}: EBUSY: the area is in use already`);
    this.#turnOn(known);
  }

  /** swapoff on request from outside: the area is the run's no more. */
  giveUp(name: string): SteeringOutcome {
    const known = this.#known.find(({ area }) => area.name === name);
    if (known === undefined || known.isGivenUp)
      return { outcome: 'EINVAL', detail: 'it is no area of the run' };
    const { isOn, hasStayedOn } = known;
    const result = isOn ? this.swapoff(name) : null;
    // What a request found out is nothing that the workload's own swapon must put up with.
    known.hasStayedOn = hasStayedOn;
    const outcome = result?.outcome ?? 'ok';
    known.isGivenUp = outcome === 'ok';
    return { outcome, detail: `${result?.pagesRead ?? 0} pages read back` };
  }

  /** swapon on request from outside, of an area that was given up or of a new one. */
  takeIn(area: PreparedArea): SteeringOutcome {
    const known = this.#known.find((candidate) => candidate.area.name === area.name);
    if (known === undefined) {
      // Types of the table of active areas are no types of a run: it keeps those it has seen.
      this.add({ ...area, type: this.#freeType(), isOn: true });
      return { outcome: 'ok', detail: 'a new area' };
    }
    if (!known.isGivenUp) return { outcome: 'EBUSY', detail: 'the run has it' };
    known.area = { ...known.area, priority: area.priority };
    known.isGivenUp = false;
    this.#turnOn(known);
    return { outcome: 'ok', detail: 'back again' };
  }

  /** `takeIn` of an area of the run, as it was. */
  takeBack(name: string): SteeringOutcome {
    return this.takeIn(this.#find(name).area);
  }

  nameOf(type: number): string {
    return this.#known.find(({ area }) => area.type === type)!.area.name;
  }

  /** Reads a slot from the device itself, past its model of time; false when that fails. */
  readSlot(type: number, slot: number, into: Uint8Array): boolean {
    const { area, devices } = this.#known.find((known) => known.area.type === type)!;
    if (area.zram !== undefined) return area.zram.peek(slot, into) === 'ok';
    // Where a slot lies, only the map knows.
    if (devices.mapped !== null) return devices.mapped.peek(slot, into, area.device) === 'ok';
    return area.device.read(slot * PAGE_SIZE, [into], 1, this.#engine.nowNs) === 'ok';
  }

  /** What maps, buffers and checksums of areas take. */
  metadata(): MetadataTerm[] {
    return deviceTerms(this.#known.map(({ devices }) => devices));
  }

  /** What became of each area. */
  results(): AreaResult[] {
    return this.#known.map((known) => {
      const { area } = known;
      const slots = known.isOn ? this.#swap.space.area(area.type)! : null;
      const zswap = this.#swap.zswap.areaFigures(area.type);
      const { pagesWritten, writes, pagesRead, reads } = this.#traffic(known);
      const wear = wearFigures(known.devices.timed.wear, this.#drive);
      return {
        type: area.type,
        path: area.name,
        kind: area.kind,
        pages: known.usablePages,
        usedPages: slots?.inUse ?? 0,
        ...(slots === null ? UNFRAGMENTED : fragmentationOf(this.#engine, slots)),
        priority: area.priority,
        heldInZswap: zswap.held,
        refused: zswap.refused,
        writtenBack: zswap.writtenBack,
        pagesWritten,
        writes,
        pagesRead,
        reads,
        eraseBlocksEntered: known.devices.timed.eraseBlocks.entered,
        ...(area.zram === undefined ? {} : { zram: areaFigures(area.zram) }),
        ...(known.devices.mapped === null ? {} : { mapped: { ...known.devices.mapped.stats() } }),
        ...(wear === null ? {} : { wear }),
      };
    });
  }

  /** How the slots of each area that is on stand; its look at the tables is in no counter. */
  slotMaps(): SlotMap[] {
    const { space } = this.#swap;
    const areas = this.#known.flatMap(({ area: { type }, isOn }) =>
      isOn ? [space.area(type)!] : [],
    );
    return this.#engine.aside(() =>
      areas.map((area) =>
        slotMapOf(area, (slot) => this.#swap.view.slotState(makeSwapEntry(area.type, slot))),
      ),
    );
  }

  /** Stops the run when a real file or device failed. */
  check(): void {
    for (const { area } of this.#known) {
      const problem = area.problem();
      if (problem !== null) throw new RunError(problem);
    }
  }

  #add(area: PreparedArea, growth: KnownArea['growth']): void {
    const devices = stackDevices(area, this.#deviceOptions);
    const state = { isOn: false, hasStayedOn: false, isGivenUp: false };
    const known = { area, growth, devices, ...state, before: NO_TRAFFIC, usablePages: 0 };
    this.#known.push(known);
    if (area.zram !== undefined) this.#zrams.push(area.zram);
    if (area.isOn !== false) this.#turnOn(known);
  }

  /** The lowest type that no area of the run has or had. */
  #freeType(): number {
    const used = new Set(this.#known.map(({ area }) => area.type));
    let type = 0;
    while (used.has(type)) type += 1;
    return type;
  }

  #turnOn(known: KnownArea): void {
    const { area, growth, devices } = known;
    const onSlotFreed = slotListener(area, devices);
    const isGhost = area.kind === 'ghost' || this.#kind.areas === 'all-ghost';
    const slots = new SlotArea({
      type: area.type,
      role: isGhost ? ROLE.ghost : ROLE.plain,
      allocator: this.#kind.allocator,
      growth,
      maxPages: slotsOf(area, devices),
      badPages: area.badPages,
      // A ghost has no device behind it: solid state, never waited for.
      rotational: !isGhost && deviceProfile(area.profile, 'device').rotational,
      isBlockDevice: area.kind === 'partition',
      priority: area.priority,
      engine: this.#engine,
      isSwapFull: () => this.#swap.space.isFull(),
      ...(onSlotFreed === null ? {} : { onSlotFreed }),
    });
    this.#swap.space.add(slots);
    this.#swap.addArea({ type: area.type, name: area.name, device: devices.outer });
    known.isOn = true;
    known.usablePages = slots.usablePages;
  }

  /** What the area's devices have written to a disk by their own counts. */
  #bytesWritten(known: KnownArea): number {
    const { area, devices } = known;
    return diskWrites({
      ...this.#traffic(known),
      ...(area.zram === undefined ? {} : { zram: areaFigures(area.zram) }),
      ...(devices.mapped === null ? {} : { mapped: { ...devices.mapped.stats() } }),
    }).bytes;
  }

  #traffic(known: KnownArea): AreaTraffic {
    return known.isOn ? plus(known.before, this.#swap.traffic(known.area.type)) : known.before;
  }

  #find(name: string): KnownArea {
    const known = this.#known.find(({ area }) => area.name === name || `area${area.type}` === name);
    if (known === undefined)
      throw new UsageError(
        `'${name}' is no area of this run; accepted: ` +
          this.#known
            .flatMap(({ area }) => [...new Set([area.name, `area${area.type}`])])
            .join(', '),
      );
    return known;
  }
}

function plus(a: AreaTraffic, b: AreaTraffic): AreaTraffic {
  return {
    pagesRead: a.pagesRead + b.pagesRead,
    pagesWritten: a.pagesWritten + b.pagesWritten,
    reads: a.reads + b.reads,
    writes: a.writes + b.writes,
  };
}
