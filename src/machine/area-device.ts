/**
 * What stands between the swap core and an area's own device: the model of its time, and if wanted
 * checksums, and a location map with the RAM buffer or the packed forms of compressed writeback.
 */
import {
  ChecksumDevice,
  deviceProfile,
  LatencyDevice,
  MappedDevice,
  stackFaults,
  type BlockDevice,
  type ChecksumProblem,
  type CompressedForm,
  type FaultLedger,
  type FaultRule,
  type FaultStack,
  type MappedForm,
  type RawDevice,
} from '../device/index.ts';
import type { Engine } from '../engine/index.ts';
import type { MetadataTerm } from '../swap/index.ts';
import { PAGE_SIZE } from '../units/index.ts';
import type { PreparedArea } from './prepared-area.ts';

export interface AreaDeviceOptions {
  readonly engine: Engine;
  /** False with payload none. */
  readonly hasBytes: boolean;
  /** In which form compressed pages are written; `off`: not at all. */
  readonly compressedWriteback: CompressedForm | 'off';
  /** Part of the flash drive around an area that is free. */
  readonly freeShare: number;
  /** A slot did not hold what was written to it. */
  readonly onMismatch: (area: PreparedArea, problem: ChecksumProblem) => void;
  /** What goes wrong, and who keeps account of it; null: nothing does. */
  readonly faults: FaultPlan | null;
}

/** The rules of a machine's faults. */
export interface FaultPlan {
  readonly rules: readonly FaultRule[];
  readonly ledger: FaultLedger;
}

/** The devices of one area, outermost first. */
export interface AreaDevices {
  readonly outer: BlockDevice;
  readonly mapped: MappedDevice | null;
  readonly checksums: ChecksumDevice | null;
  /** Innermost but for the area's own: what is written goes through it. */
  readonly timed: LatencyDevice;
  /** Around `timed`; null where no rule is about the area. */
  readonly faults: FaultStack | null;
}

export function stackDevices(area: PreparedArea, options: AreaDeviceOptions): AreaDevices {
  const { engine, hasBytes, compressedWriteback, freeShare, onMismatch } = options;
  const { ledger } = options.faults ?? { ledger: null };
  const timed = new LatencyDevice(
    area.device,
    deviceProfile(area.profile, 'device'),
    engine.stream(`device.${area.type}`),
    freeShare,
  );
  const faults = faultsOf(area, timed, options);
  const inner = faults?.outer ?? timed;
  // Without bytes a checksum cannot fail by itself.
  const damaged = faults === null ? {} : { damageMet: () => ledger!.metCount, hasHistory: true };
  const told = (problem: ChecksumProblem): void => {
    onMismatch(area, problem);
  };
  const { hasChecksums = false, bufferBytes = 0 } = area;
  const isMappable = area.kind !== 'ghost' && area.zram === undefined;
  if (isMappable && (compressedWriteback !== 'off' || bufferBytes > 0)) {
    const form: MappedForm = compressedWriteback === 'off' ? 'pages' : compressedWriteback;
    const mapped = new MappedDevice({
      ...{ inner, engine, form, hasBytes, hasChecksums, onMismatch: told, ...damaged },
      // A blob in its own slot lies where it lies: there is nothing to collect.
      bufferBytes: form === 'slot' ? 0 : bufferBytes,
    });
    return { outer: mapped, mapped, checksums: null, timed, faults };
  }
  if (!hasChecksums || area.kind === 'ghost')
    return { outer: inner, mapped: null, checksums: null, timed, faults };
  const checksums = new ChecksumDevice({
    ...{ inner, engine, hasBytes, onMismatch: told, ...damaged },
  });
  return { outer: checksums, mapped: null, checksums, timed, faults };
}

/** A ghost has no device that could fail. */
function faultsOf(
  area: PreparedArea,
  timed: LatencyDevice,
  { engine, hasBytes, faults }: AreaDeviceOptions,
): FaultStack | null {
  if (faults === null || area.kind === 'ghost') return null;
  const { type, device, zram } = area;
  // A look must not count as one of zram's own reads.
  const peeked: Pick<RawDevice, 'read' | 'readSectors'> = {
    read: (offset, pages, pageCount) => {
      for (let i = 0; i < pageCount; i++) {
        const outcome = zram!.peek(offset / PAGE_SIZE + i, pages[i]!);
        if (outcome !== 'ok') return outcome;
      }
      return 'ok';
    },
    readSectors: () => 'EINVAL',
  };
  const raw: RawDevice =
    zram === undefined
      ? device
      : {
          ...peeked,
          write: (...write) => zram.write(...write),
          writeSectors: () => 'EINVAL',
        };
  return stackFaults({ inner: timed, raw, engine, hasBytes, ...faults, type });
}

/** Who wants to know that a slot holds nothing any more; null where nobody does. */
export function slotListener(
  area: PreparedArea,
  { mapped, checksums, faults }: AreaDevices,
): ((slot: number) => void) | null {
  // A model of time is nobody to tell: it stands between these and the area's own device.
  const listener = mapped ?? checksums;
  const own = area.device;
  // In front of a mapped area a slot is no page of the device: its map discards what is free.
  const damage = mapped === null ? (faults?.damage ?? null) : null;
  if (listener === null && damage === null && own.slotFreed === undefined) return null;
  return (slot) => {
    listener?.slotFreed(slot);
    damage?.slotFreed(slot);
    own.slotFreed?.(slot);
  };
}

/** Slots of an area, its header among them, that its devices can promise. */
export function slotsOf(area: PreparedArea, { mapped }: AreaDevices): number {
  return mapped === null ? area.maxPages : Math.min(area.maxPages, mapped.sizeBytes / PAGE_SIZE);
}

/** What location maps, their buffers and checksums take, over all areas. */
export function deviceTerms(devices: readonly AreaDevices[]): MetadataTerm[] {
  const maps = devices.flatMap(({ mapped }) => (mapped === null ? [] : [mapped]));
  const sums = devices.flatMap(({ mapped, checksums }) => {
    const kept = mapped?.checksums ?? checksums?.checksums ?? null;
    return kept === null ? [] : [kept];
  });
  const terms: MetadataTerm[] = [];
  const add = (term: string, kind: MetadataTerm['kind'], bytes: number, units: number): void => {
    if (bytes > 0) terms.push({ term, kind, bytes, units });
  };
  const slots = maps.reduce((sum, map) => sum + map.usablePages, 0);
  add('location_map', 'static', total(maps.map((map) => map.metadataBytes())), slots);
  add('write_buffer', 'static', total(maps.map((map) => map.stats().bufferBytes)), maps.length);
  // Made where something is first written.
  const sumBytes = total(sums.map((each) => each.metadataBytes()));
  add('slot_checksum', 'dynamic', sumBytes, total(sums.map((each) => each.knownCount)));
  return terms;
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
