/**
 * What a run has worn of flash, and how long a drive lasts that is written to like that: per area,
 * and as numbers by which runs are compared.
 *
 * Rates are per virtual second of the run, so they depend on the machine's prices and on the devices'
 * profiles, and on a workload that swaps without pause. A drive's `duty` says for which part of a day
 * it does.
 */
import {
  driveLife,
  formatDrive,
  parseDrive,
  type Drive,
  type DriveLife,
  type FlashFigures,
  type FlashWear,
} from '../device/index.ts';
import { assert } from '../units/index.ts';
import type { Metric } from './metric.ts';
import type { RunResult, WearFigures } from './run-result.ts';

/** A drive of a run: all areas whose drive reads the same are on one. */
export interface DriveWear extends Pick<
  FlashFigures,
  'hostBytes' | 'nandBytes' | 'erases' | 'erasesMin' | 'erasesMax' | 'blocks' | 'writeAmplification'
> {
  readonly drive: Drive;
  readonly life: DriveLife;
}

/**
 * Figures of an area for its result; null where nothing was written to flash.
 * @param drive - of the spec; null: that of the device's profile
 */
export function wearFigures(wear: FlashWear | null, drive: Drive | null): WearFigures | null {
  const figures = wear?.figures() ?? null;
  if (wear === null || figures === null) return null;
  return { drive: drive === null ? wear.profile.drive : formatDrive(drive), ...figures };
}

/**
 * Checks that flash has taken what the area's devices say that they have written.
 * @param bytesWritten - null where nobody can say
 */
export function checkWear(wear: FlashWear | null, name: string, bytesWritten: number | null): void {
  if (wear === null) return;
  wear.checkConservation();
  if (bytesWritten === null) return;
  assert(wear.hostBytes === bytesWritten, `${name}: flash has the bytes that were written`);
}

/** The drives of a run that were written to, in the order of the areas. */
export function drivesOf({ areas, virtualNs }: RunResult): DriveWear[] {
  const worn = areas.flatMap(({ wear }) => (wear === undefined ? [] : [wear]));
  const names = [...new Set(worn.map(({ drive }) => drive))];
  return names.map((name) => {
    const parts = worn.filter((each) => each.drive === name);
    const sum = (of: (part: WearFigures) => number): number =>
      parts.reduce((total, part) => total + of(part), 0);
    const hostBytes = sum((part) => part.hostBytes);
    const nandBytes = sum((part) => part.nandBytes);
    const drive = parseDrive(name, 'drive');
    return {
      drive,
      ...{ hostBytes, nandBytes },
      erases: sum((part) => part.erases),
      erasesMin: Math.min(...parts.map((part) => part.erasesMin)),
      erasesMax: Math.max(...parts.map((part) => part.erasesMax)),
      blocks: sum((part) => part.blocks),
      writeAmplification: nandBytes / hostBytes,
      life: driveLife(drive, { hostBytes, nandBytes, seconds: virtualNs / 1e9 }),
    };
  });
}

/** A metric of all drives of a run; null where no flash was written to. */
function ofDrives(
  name: string,
  unit: string,
  better: Metric['better'],
  of: (drives: readonly DriveWear[]) => number,
): Metric {
  const value = (result: RunResult): number | null => {
    const drives = drivesOf(result);
    return drives.length === 0 ? null : of(drives);
  };
  return { group: 'wear of flash', name, unit, better, value };
}

function total(drives: readonly DriveWear[], of: (each: DriveWear) => number): number {
  return drives.reduce((sum, each) => sum + of(each), 0);
}

/** Of several drives the one that is worn out first decides. */
export const wearMetrics: readonly Metric[] = [
  ofDrives('bytes programmed into flash', 'bytes', 'lower', (drives) =>
    total(drives, ({ nandBytes }) => nandBytes),
  ),
  ofDrives(
    'write amplification of flash',
    ': 1',
    'lower',
    (drives) =>
      total(drives, ({ nandBytes }) => nandBytes) / total(drives, ({ hostBytes }) => hostBytes),
  ),
  ofDrives('erase blocks erased', 'blocks', 'lower', (drives) =>
    total(drives, ({ erases }) => erases),
  ),
  ofDrives('most erases of a block', 'erases', 'lower', (drives) =>
    Math.max(...drives.map(({ erasesMax }) => erasesMax)),
  ),
  ofDrives('runs within the rated TBW', 'runs', 'higher', (drives) =>
    Math.floor(Math.min(...drives.map(({ life }) => life.runsByRating))),
  ),
  ofDrives('runs within the erase cycles', 'runs', 'higher', (drives) =>
    Math.floor(Math.min(...drives.map(({ life }) => life.runsByErases))),
  ),
  ofDrives('terabytes written per day', 'TB', 'lower', (drives) =>
    total(drives, ({ life }) => life.hostBytesPerDay / 1e12),
  ),
  ofDrives('drive writes per day', 'DWPD', 'lower', (drives) =>
    Math.max(...drives.map(({ life }) => life.driveWritesPerDay)),
  ),
  ofDrives('years of life by rated TBW', 'years', 'higher', (drives) =>
    Math.min(...drives.map(({ life }) => life.yearsByRating)),
  ),
  ofDrives('years of life by erase cycles', 'years', 'higher', (drives) =>
    Math.min(...drives.map(({ life }) => life.yearsByErases)),
  ),
];

/** What figures of wear assume, for people; null where no flash was written to. */
export function wearNote(results: readonly RunResult[]): string | null {
  const drives = [...new Set(results.flatMap(({ areas }) => areas.map(({ wear }) => wear?.drive)))];
  const names = drives.filter((name) => name !== undefined);
  if (names.length === 0) return null;
  const drive = parseDrive(names[0]!, 'drive');
  return (
    `wear of ${names.join(' and ')}: ${rateNote(drive)}; ` +
    'the areas are a part of a drive that is full and was never trimmed'
  );
}

/** What a day's writes and years of life assume. */
export function rateNote({ duty, runsPerDay }: Drive): string {
  if (runsPerDay > 0) return `a day and years are for ${runsPerDay} such runs a day`;
  const when =
    duty === 1
      ? 'as if the machine swapped like this without pause'
      : `for a machine that swaps like this for ${Number((duty * 100).toPrecision(3))} % of the time`;
  return (
    `a day and years are at the rate of the run, per virtual second, ${when} ` +
    '(a faster machine does more work in a day; --drive …,duty=PERCENT or …,runs=N say how much)'
  );
}
