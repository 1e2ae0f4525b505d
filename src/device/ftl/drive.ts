/**
 * The drive that flash is a part of, and how long it lasts at a rate of writing.
 *
 * Two answers: by the writes that its maker rates it for (TBW), which assume the maker's workload, and
 * by the erases that its cells endure, which take the write amplification of this one.
 */
import { UsageError } from '../../units/index.ts';
import {
  enduranceClasses,
  type EnduranceClass,
  type EnduranceClassName,
} from './endurance-classes.ts';

export interface Drive {
  /** As on the label: powers of 1000. */
  readonly capacityBytes: number;
  readonly className: EnduranceClassName;
  /** Part of the drive that is free and was discarded, 0 to below 1: it serves as spare. */
  readonly freeShare: number;
  /** Part of the day in which the machine writes as it did in the run, above 0 to 1. */
  readonly duty: number;
}

const UNITS: Readonly<Record<string, number>> = { G: 1e9, T: 1e12 };
const SECONDS_PER_DAY = 86_400;
const DAYS_PER_YEAR = 365.25;

/**
 * Reads `CAPACITY,CLASS[,free=PERCENT][,duty=PERCENT]`, such as `500G,tlc`.
 * @param option - the option or key to name in the error
 * @throws UsageError that names what is accepted
 */
export function parseDrive(text: string, option: string): Drive {
  const wrong = (what: string): UsageError =>
    new UsageError(
      `${option}: '${text}': ${what}; accepted: CAPACITY,CLASS[,free=PERCENT][,duty=PERCENT], such as ` +
        `500G,tlc; classes: ${Object.keys(enduranceClasses).join(', ')}`,
    );
  const [size = '', className = '', ...rest] = text.split(',');
  const match = /^(\d+(?:\.\d+)?)([GT])B?$/.exec(size);
  if (match === null || Number(match[1]) === 0)
    throw wrong(`'${size}' is no capacity in G or T (powers of 1000)`);
  if (!Object.hasOwn(enduranceClasses, className)) throw wrong(`'${className}' is no class`);
  const shares = { free: 0, duty: 1 };
  for (const part of rest) {
    const share = /^(free|duty)=(\d+(?:\.\d+)?)%?$/.exec(part);
    if (share === null) throw wrong(`'${part}' is not accepted`);
    shares[share[1] as 'free' | 'duty'] = Number(share[2]) / 100;
  }
  if (shares.free > 0.95) throw wrong('free: accepted: 0 to 95');
  if (shares.duty <= 0 || shares.duty > 1) throw wrong('duty: accepted: above 0 to 100');
  return {
    capacityBytes: Math.round(Number(match[1]) * UNITS[match[2]!]!),
    className: className as EnduranceClassName,
    freeShare: shares.free,
    duty: shares.duty,
  };
}

/** The inverse of `parseDrive`, without what is the default. */
export function formatDrive(drive: Drive): string {
  const { capacityBytes, className, freeShare, duty } = drive;
  const [unit, size] = capacityBytes >= 1e12 ? ['T', 1e12] : ['G', 1e9];
  const percent = (share: number): string => `${Number((share * 100).toPrecision(12))}%`;
  return [
    `${capacityBytes / size}${unit}`,
    className,
    ...(freeShare === 0 ? [] : [`free=${percent(freeShare)}`]),
    ...(duty === 1 ? [] : [`duty=${percent(duty)}`]),
  ].join(',');
}

export function classOf(drive: Drive): EnduranceClass {
  return enduranceClasses[drive.className];
}

/** What was written, and in which time. */
export interface WrittenBytes {
  readonly hostBytes: number;
  readonly nandBytes: number;
  /** Virtual time of the run. */
  readonly seconds: number;
}

/** How long a drive lasts. */
export interface DriveLife {
  readonly hostBytesPerDay: number;
  readonly nandBytesPerDay: number;
  /** Times that the drive's capacity is written a day. */
  readonly driveWritesPerDay: number;
  readonly ratedBytes: number;
  /** Of the rated bytes, what the run has written. */
  readonly percentOfRated: number;
  /** Years until the rated bytes are written, and until the cells have had their erases. */
  readonly yearsByRating: number;
  readonly yearsByErases: number;
}

/**
 * How long a drive lasts that is written to as in the run for its duty's part of each day. Wear is
 * spread over the whole drive, as a drive's firmware does. Years are Infinity where nothing is written.
 */
export function driveLife(drive: Drive, written: WrittenBytes): DriveLife {
  const { capacityBytes, duty } = drive;
  const { ratedWritesPerByte, eraseCycles } = classOf(drive);
  const perDay = (bytes: number): number =>
    bytes === 0 ? 0 : (bytes / written.seconds) * SECONDS_PER_DAY * duty;
  const hostBytesPerDay = perDay(written.hostBytes);
  const nandBytesPerDay = perDay(written.nandBytes);
  const ratedBytes = capacityBytes * ratedWritesPerByte.value;
  return {
    hostBytesPerDay,
    nandBytesPerDay,
    driveWritesPerDay: hostBytesPerDay / capacityBytes,
    ratedBytes,
    percentOfRated: (written.hostBytes * 100) / ratedBytes,
    yearsByRating: ratedBytes / hostBytesPerDay / DAYS_PER_YEAR,
    yearsByErases: (capacityBytes * eraseCycles.value) / nandBytesPerDay / DAYS_PER_YEAR,
  };
}
