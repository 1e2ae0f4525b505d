/**
 * Swap areas in compressed memory: their devices, what an administrator writes to them while the
 * machine runs, and their figures.
 */
import { createCompressor } from '../codec/index.ts';
import {
  deviceProfile,
  LatencyDevice,
  ZramDevice,
  zramFigures,
  type BlockDevice,
  type DeviceChoice,
  type ZramSetting,
} from '../device/index.ts';
import { CostProfile, Engine, EV } from '../engine/index.ts';
import { assert, PAGE_SIZE, type Outcome } from '../units/index.ts';
import { driveOf, pagesOf, specBytes, type RunSpec } from './spec.ts';

/** How an area in compressed memory is to be. */
export interface ZramAreaOptions {
  readonly name: string;
  readonly sizeBytes: number;
  /** By name, the primary one first, then those for recompression by priority. */
  readonly compressors: readonly string[];
  /** mem_limit; 0 or absent: none. */
  readonly limitPages?: number;
  readonly backing?: {
    readonly device: BlockDevice;
    /** Profile that models its time. */
    readonly profile: DeviceChoice;
    /** Part of the flash drive around it that is free; absent: none. */
    readonly freeShare?: number;
    readonly batchPages: number;
    readonly isCompressed: boolean;
  };
  readonly seed: number;
}

/**
 * Makes the device of an area in compressed memory. What it does itself costs the time of its profile
 * `zram`, so its events are not the machine's: it gets an engine of its own, without prices.
 */
export function createZram(options: ZramAreaOptions): ZramDevice {
  const { name, sizeBytes, compressors, limitPages, backing } = options;
  const engine = new Engine({
    seed: options.seed,
    cpuCount: 1,
    costs: new CostProfile({ name: 'none', description: '', prices: {} }),
  });
  const [primary, ...others] = compressors.map((each) => createCompressor(each, 'zram'));
  return new ZramDevice({
    ...{ name, sizeBytes, engine },
    compressor: primary!,
    recompressors: others,
    ...(limitPages === undefined ? {} : { limitPages }),
    ...(backing === undefined
      ? {}
      : {
          backing: {
            device: new LatencyDevice(
              backing.device,
              deviceProfile(backing.profile, 'device'),
              engine.stream(`${name}.backing`),
              backing.freeShare,
            ),
            untimed: backing.device,
            batchPages: backing.batchPages,
            isCompressed: backing.isCompressed,
          },
        }),
  });
}

/**
 * Makes the device of an area of a spec.
 * @param index - which area
 * @param backing - its backing device; null where the spec has none
 */
export function zramOfSpec(
  spec: RunSpec,
  index: number,
  name: string,
  backing: BlockDevice | null,
): ZramDevice {
  const area = spec.areas[index];
  assert(area?.zram !== undefined && area.size !== undefined, 'the area is a zram');
  const { zram } = area;
  return createZram({
    name,
    sizeBytes: Math.floor(specBytes(area.size, 'swap size') / PAGE_SIZE) * PAGE_SIZE,
    compressors: [zram.compressor, ...zram.recompress],
    limitPages: pagesOf(zram.memLimit, 'memLimit'),
    seed: spec.seed,
    ...(backing === null
      ? {}
      : {
          backing: {
            device: backing,
            profile: area.device ?? spec.device,
            freeShare: driveOf(spec)?.freeShare ?? 0,
            batchPages: zram.writebackBatch,
            isCompressed: zram.compressedWriteback,
          },
        }),
  });
}

/** What became of a write to one of the files of a zram device. */
export interface ZramSettingResult {
  readonly outcome: Outcome;
  /** Pages of memory that the pool has given back. */
  readonly poolPagesFreed: number;
  /** Pages written to the backing device, and the I/Os that it took. */
  readonly pagesWritten: number;
  readonly writes: number;
}

/**
 * Writes to a file of a zram device; who writes waits for the I/O. The compressors' work and the
 * submissions are the machine's.
 */
export function applyZramSetting(
  engine: Engine,
  zram: ZramDevice,
  setting: ZramSetting,
): ZramSettingResult {
  const { compressions, decompressions, codecNs } = zram;
  const before = zram.stat();
  const outcome = zram.apply(setting, engine.nowNs);
  const after = zram.stat();
  const writes = after.backingWrites - before.backingWrites;
  engine.waitUntil(zram.completionNs);
  engine.countMany(EV.compress, zram.compressions - compressions);
  engine.countMany(EV.decompress, zram.decompressions - decompressions);
  // A cost profile that names the events has charged them already.
  if (!engine.costs.names('compress')) engine.spend(zram.codecNs - codecNs);
  engine.countMany(EV.deviceSubmit, writes);
  engine.countMany(EV.deviceWrite, writes);
  return {
    outcome,
    poolPagesFreed: (before.memUsedBytes - after.memUsedBytes) / PAGE_SIZE,
    pagesWritten: after.bdWrites - before.bdWrites,
    writes,
  };
}

/** Figures of all zram devices of a machine together, by the kernel's names; null without any. */
export function sumOfFigures(zrams: readonly ZramDevice[]): Record<string, number> | null {
  const [first, ...others] = zrams.map((zram) => zramFigures(zram.stat()));
  if (first === undefined) return null;
  for (const figures of others)
    for (const [name, value] of Object.entries(figures)) first[name]! += value;
  return first;
}

/** Figures of one device for its area: the kernel's, and the I/Os of its backing device. */
export function areaFigures(zram: ZramDevice): Record<string, number> {
  const stat = zram.stat();
  return { ...zramFigures(stat), backing_writes: stat.backingWrites };
}
