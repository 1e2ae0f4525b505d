/**
 * What a device is, in numbers: the data behind `LatencyDevice`, every number with its source or
 * marked `assumed`. The profiles that come along are in `profiles.ts`; a user's own is JSON of the
 * same shape.
 */
import { z } from 'zod';
import { requireFlat, UsageError } from '../units/index.ts';
import { parseDrive } from './ftl/drive.ts';
import type { SourcedNumber } from './sourced-number.ts';

/** At most: each I/O looks through them for the one that is free first. assumed */
export const CHANNELS_MAX = 1024;

/** What reads, or writes, cost. */
export interface DirectionProfile {
  /** Latency of each I/O whatever its size, on one channel. */
  readonly fixedNs: SourcedNumber;
  /** Rate of a single I/O on one channel, on top of `fixedNs`. */
  readonly channelBytesPerSecond: SourcedNumber;
  /** What all channels reach together where each I/O starts at the end of the one before. */
  readonly sequentialBytesPerSecond: SourcedNumber;
  /** What all channels reach together where it does not. */
  readonly randomBytesPerSecond: SourcedNumber;
  /** Rare stalls: with this probability an I/O takes so much longer. */
  readonly tail?:
    { readonly probability: SourcedNumber; readonly extraNs: SourcedNumber } | undefined;
}

/** The cells behind a flash device; what they wear by. */
export interface FlashProfile {
  /** (physical - logical) / logical. */
  readonly overProvisioning: SourcedNumber;
  /** Pages of 4 KiB in an erase block, as garbage collection takes it. */
  readonly blockPages: SourcedNumber;
  /** The drive that an area is a part of, and its class (`endurance-classes.ts`): `500G,tlc`. */
  readonly drive: string;
}

/** A device profile as JSON. */
export interface DeviceProfile {
  readonly name: string;
  readonly description: string;
  /** True for a disk that turns; then `positioning` is there. */
  readonly rotational: boolean;
  /** True when the CPU does the transfer itself and I/O is done when the submission returns. */
  readonly synchronous: boolean;
  /** I/Os that are served at the same time; reads and writes share them. */
  readonly channels: SourcedNumber;
  /** What a head pays for an I/O elsewhere: a seek, and up to one revolution. */
  readonly positioning?:
    { readonly seekNs: SourcedNumber; readonly rotationNs: SourcedNumber } | undefined;
  readonly read: DirectionProfile;
  readonly write: DirectionProfile;
  /** Absent: what is written wears nothing (a disk that turns, memory, 3D XPoint). */
  readonly flash?: FlashProfile | undefined;
}

const sourced = (value: z.ZodType<number>): z.ZodType<SourcedNumber> =>
  z.strictObject({ value, source: z.string().min(1) });

const duration = sourced(z.number().nonnegative());
const rate = sourced(z.number().positive());

const direction = z.strictObject({
  fixedNs: duration,
  channelBytesPerSecond: rate,
  sequentialBytesPerSecond: rate,
  randomBytesPerSecond: rate,
  tail: z
    .strictObject({ probability: sourced(z.number().min(0).max(1)), extraNs: duration })
    .optional(),
});

const flash = z.strictObject({
  overProvisioning: sourced(z.number().min(0.01).max(10)),
  blockPages: sourced(z.int().min(16).max(32767)),
  drive: z.string().superRefine((text, context) => {
    try {
      parseDrive(text, 'drive');
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message });
    }
  }),
});

/** What a profile in JSON must be; for specs, which may hold one. */
export const deviceProfileSchema: z.ZodType<DeviceProfile> = z
  .strictObject({
    name: z.string().min(1),
    description: z.string(),
    rotational: z.boolean(),
    synchronous: z.boolean(),
    channels: sourced(z.int().min(1).max(CHANNELS_MAX)),
    positioning: z.strictObject({ seekNs: duration, rotationNs: duration }).optional(),
    read: direction,
    write: direction,
    flash: flash.optional(),
  })
  .refine((profile) => profile.rotational === (profile.positioning !== undefined), {
    path: ['positioning'],
    message: 'Invalid input: expected for a rotational device, and only there',
  });

/**
 * Checks parsed JSON against the schema.
 *
 * @param where - the file or option to name in the error
 * @throws UsageError that names each wrong key and what it accepts
 */
export function parseDeviceProfile(json: unknown, where: string): DeviceProfile {
  requireFlat(json, where);
  const parsed = deviceProfileSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new UsageError(`${where}: ${profileProblems(parsed.error)}`);
}

/** What the schema of profiles finds wrong, in one line. */
export function profileProblems({ issues }: Pick<z.ZodError, 'issues'>): string {
  const wrong = issues.map(({ path, message }) => `${path.join('.') || 'the profile'}: ${message}`);
  return `not a device profile: ${wrong.join('; ')}`;
}

/** One number of a profile, for people. */
export interface ProfileFigure extends SourcedNumber {
  /** Where it stands, for example `read.fixedNs`; the unit is the end of the name. */
  readonly key: string;
  /** True when nobody measured or published it. */
  readonly isAssumed: boolean;
}

/** Lists every number of a profile with its source, in the order of the profile. */
export function describeProfile(profile: DeviceProfile): readonly ProfileFigure[] {
  const figures: ProfileFigure[] = [];
  const visit = (node: unknown, path: readonly string[]): void => {
    if (typeof node !== 'object' || node === null) return;
    if (isSourced(node))
      figures.push({ ...node, key: path.join('.'), isAssumed: node.source.startsWith('assumed') });
    else for (const [key, child] of Object.entries(node)) visit(child, [...path, key]);
  };
  visit(profile, []);
  return figures;
}

function isSourced(node: object): node is SourcedNumber {
  return 'value' in node && 'source' in node;
}
