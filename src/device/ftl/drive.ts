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
  /**
   * Times a day that the work of the run is done, however long that takes; 0: as often as `duty`'s
   * part of the day allows. A machine that is faster does more in a day, and wears a drive by that,
   * too: what compares two ways of doing the same work is a number of runs.
   */
  readonly runsPerDay: number;
}

const UNITS: Readonly<Record<string, number>> = { G: 1e9, T: 1e12 };
const SECONDS_PER_DAY = 86_400;
const DAYS_PER_YEAR = 365.25;

/**
 * Reads `CAPACITY,CLASS[,free=PERCENT][,duty=PERCENT|,runs=N]`, such as `500G,tlc`; N is a number a
 * day.
 * @param option - the option or key to name in the error
 * @throws UsageError that names what is accepted
 */
export function parseDrive(text: string, option: string): Drive {
  const wrong = (what: string): UsageError =>
    new UsageError(
      `${option}: '${text}': ${what}; accepted: CAPACITY,CLASS[,free=PERCENT][,duty=PERCENT|,runs=N], ` +
        `such as 500G,tlc; classes: ${Object.keys(enduranceClasses).join(', ')}`,
    );
  const [size = '', className = '', ...rest] = text.split(',');
  const match = /^(\d+(?:\.\d+)?)([GT])B?$/.exec(size);
  if (match === null || Number(match[1]) === 0)
    throw wrong(`'${size}' is no capacity in G or T (powers of 1000)`);
  if (!Object.hasOwn(enduranceClasses, className)) throw wrong(`'${className}' is no class`);
  const given = { free: 0, duty: 100, runs: 0 };
  for (const part of rest) {
    const item = /^(?:(free|duty)=(\d+(?:\.\d+)?)%?|(runs)=(\d+(?:\.\d+)?))$/.exec(part);
    if (item === null) throw wrong(`'${part}' is not accepted`);
    given[(item[1] ?? item[3]) as keyof typeof given] = Number(item[2] ?? item[4]);
  }
  if (given.free > 95) throw wrong('free: accepted: 0 to 95');
  if (given.duty === 0 || given.duty > 100) throw wrong('duty: accepted: above 0 to 100');
  if (given.runs > 0 && given.duty < 100) throw wrong('duty and runs exclude each other');
  return {
    capacityBytes: Math.round(Number(match[1]) * UNITS[match[2]!]!),
    className: className as EnduranceClassName,
    freeShare: given.free / 100,
    duty: given.duty / 100,
    runsPerDay: given.runs,
  };
}

/** The inverse of `parseDrive`, without what is the default. */
export function formatDrive(drive: Drive): string {
  const { capacityBytes, className, freeShare, duty, runsPerDay } = drive;
  const [unit, size] = capacityBytes >= 1e12 ? ['T', 1e12] : ['G', 1e9];
  const percent = (share: number): string => `${Number((share * 100).toPrecision(12))}%`;
  return [
    `${capacityBytes / size}${unit}`,
    className,
    ...(freeShare === 0 ? [] : [`free=${percent(freeShare)}`]),
    ...(duty === 1 ? [] : [`duty=${percent(duty)}`]),
    ...(runsPerDay === 0 ? [] : [`runs=${runsPerDay}`]),
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
  /** Times that the drive's capacity is written a day. */
  readonly driveWritesPerDay: number;
  readonly ratedBytes: number;
  /** Of the rated bytes, what the run has written. */
  readonly percentOfRated: number;
  /** Times that the run's work can be done until the rated bytes, or the erases, are used up. */
  readonly runsByRating: number;
  readonly runsByErases: number;
  /** Years until the rated bytes are written, and until the cells have had their erases. */
  readonly yearsByRating: number;
  readonly yearsByErases: number;
}

/**
 * How long a drive lasts that is written to as in the run, for its duty's part of each day or so many
 * times a day. Wear is spread over the whole drive, as a drive's firmware does.
 * @param written - of both kinds more than nothing
 */
export function driveLife(drive: Drive, written: WrittenBytes): DriveLife {
  const { capacityBytes, duty, runsPerDay } = drive;
  const { ratedWritesPerByte, eraseCycles } = classOf(drive);
  const runs = runsPerDay > 0 ? runsPerDay : (SECONDS_PER_DAY * duty) / written.seconds;
  const hostBytesPerDay = written.hostBytes * runs;
  const ratedBytes = capacityBytes * ratedWritesPerByte.value;
  const runsByRating = ratedBytes / written.hostBytes;
  const runsByErases = (capacityBytes * eraseCycles.value) / written.nandBytes;
  return {
    hostBytesPerDay,
    driveWritesPerDay: hostBytesPerDay / capacityBytes,
    ratedBytes,
    percentOfRated: (written.hostBytes * 100) / ratedBytes,
    runsByRating,
    runsByErases,
    yearsByRating: runsByRating / runs / DAYS_PER_YEAR,
    yearsByErases: runsByErases / runs / DAYS_PER_YEAR,
  };
}
