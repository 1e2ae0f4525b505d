/**
 * A device profile from what fio measured. Every number names the job and the key that it comes from;
 * what no job tells is the profile's that the user names, or is `assumed`.
 *
 * How each number follows, for one direction, with L(s, q) the mean latency of random I/Os of s bytes
 * at queue depth q:
 *
 *     rate of a channel   (S - 4 KiB) / (L(S, 1) - L(4 KiB, 1)), S the largest block at depth 1
 *     tail                the percentile that adds most to the mean, less the median; where fio has
 *                         not recorded these, that of the other profile
 *     fixed               L(4 KiB, 1) less the transfer at that rate and what the tail adds
 *     channels            highest IOPS at depth × L(4 KiB, 1): I/Os in flight (Little's law)
 *     sequential, random  the highest bandwidth of such jobs
 *
 * A disk that turns has one channel, the sequential rate, and pays a seek: L(4 KiB, 1) of reads less
 * the transfer and half a revolution.
 */
import { clipped, PAGE_SIZE } from '../../units/index.ts';
import {
  CHANNELS_MAX,
  type DeviceProfile,
  type DirectionProfile,
  type FlashProfile,
} from '../device-profile.ts';
import { nvme } from '../profiles/nvme.ts';
import type { SourcedNumber } from '../sourced-number.ts';
import type { FioDocument } from './document.ts';
import { asIn, FioJobs, type Numbers } from './numbers.ts';

export interface FioProfileOptions {
  readonly name: string;
  /** The file, for errors. */
  readonly where: string;
  /** Gives what fio's file does not tell; null: such a number is missing. */
  readonly like: DeviceProfile | null;
  /** The drive that wears (`parseDrive`); null: that of `like`. */
  readonly drive: string | null;
  /** Revolutions a minute of a disk that turns; null: it does not, or it is that of `like`. */
  readonly rpm: number | null;
}

/** @throws UsageError that names what no job has measured */
export function profileOfFio(document: FioDocument, options: FioProfileOptions): DeviceProfile {
  const { name, where, like, drive, rpm } = options;
  const jobs = new FioJobs(document, { where, like });
  if (!jobs.hasAny()) jobs.missing('read', 'any');
  const rotational = rpm !== null || (like?.rotational ?? false);
  const shared = {
    name,
    description: `Measured with ${clipped(document.version)}: ${jobs.summary()}.`,
    rotational,
    synchronous: like?.synchronous ?? false,
  };
  if (rotational) return { ...shared, ...turning(jobs, options) };
  const read = jobs.numbers('read');
  const write = jobs.numbers('write');
  const channels = channelsOf([read, write], like);
  const flash = flashOf(like, drive);
  return {
    ...shared,
    channels,
    read: directionOf(read, channels.value),
    write: directionOf(write, channels.value),
    ...(flash === undefined ? {} : { flash }),
  };
}

/**
 * A direction that keeps nearly all channels busy is bounded by the link: channels are whole, and two
 * runs of fio differ by some percent. assumed
 */
const CHANNELS_SLACK = 1.25;

function directionOf(numbers: Numbers, channels: number): DirectionProfile {
  const { fixedNs, channel, sequential, tail, deep, random } = numbers;
  const isBound = deep === null || channels <= CHANNELS_SLACK * deep.inFlight;
  return {
    fixedNs,
    channelBytesPerSecond: channel,
    sequentialBytesPerSecond: sequential,
    randomBytesPerSecond: isBound
      ? random
      : {
          value: Math.round(deep.iops * PAGE_SIZE),
          source: `derived: ${Math.round(deep.iops)} IOPS × 4 KiB, fewer than ${channels} channels give; ${deep.source}`,
        },
    ...(tail === undefined ? {} : { tail }),
  };
}

/** What reads or writes keep in flight, whichever are more. */
function channelsOf(directions: readonly Numbers[], like: DeviceProfile | null): SourcedNumber {
  const deep = directions.flatMap((numbers) => numbers.deep ?? []);
  const most = deep.sort((a, b) => b.inFlight - a.inFlight)[0];
  if (most === undefined) return asIn(like!, like!.channels);
  return {
    value: Math.min(CHANNELS_MAX, Math.max(1, Math.round(most.inFlight))),
    source:
      `derived: ${Math.round(most.iops)} IOPS × ${(most.latencyNs / 1000).toFixed(1)} us at queue ` +
      `depth 1 = ${most.inFlight.toFixed(2)} in flight; ${most.source}`,
  };
}

function turning(
  jobs: FioJobs,
  { like, rpm }: FioProfileOptions,
): Pick<DeviceProfile, 'channels' | 'positioning' | 'read' | 'write'> {
  const rates = { read: jobs.sequential('read'), write: jobs.sequential('write') };
  const rotationNs: SourcedNumber =
    rpm === null
      ? asIn(like!, like!.positioning!.rotationNs)
      : { value: Math.round(60e9 / rpm), source: `derived: 60 s / ${rpm}, as the user says` };
  const { meanNs, source } = jobs.latency('read');
  const transferNs = (PAGE_SIZE / rates.read.value) * 1e9;
  return {
    channels: { value: 1, source: 'a disk has one set of heads' },
    positioning: {
      seekNs: {
        value: Math.max(0, Math.round(meanNs - transferNs - rotationNs.value / 2)),
        source: `derived: less half a revolution and the transfer; ${source}`,
      },
      rotationNs,
    },
    read: headDirection(rates.read),
    write: headDirection(rates.write),
  };
}

function headDirection(rate: SourcedNumber): DirectionProfile {
  return {
    fixedNs: { value: 0, source: 'assumed: a sequential run pays only the transfer' },
    channelBytesPerSecond: rate,
    sequentialBytesPerSecond: rate,
    randomBytesPerSecond: rate,
  };
}

function flashOf(like: DeviceProfile | null, drive: string | null): FlashProfile | undefined {
  if (drive === null) return like?.flash;
  // What a consumer drive keeps, and how it erases, no benchmark says.
  const base = like?.flash === undefined ? nvme : like;
  const flash = base.flash!;
  return {
    overProvisioning: asIn(base, flash.overProvisioning),
    blockPages: asIn(base, flash.blockPages),
    drive,
  };
}
