/**
 * Of a run's areas what decides its outcome, for its stored spec: a replay needs neither the files
 * nor the table of active areas.
 */
import { z } from 'zod';
import type { AreaKind } from '../src/area/index.ts';
import { deviceChoiceSchema, type DeviceChoice } from '../src/device/index.ts';
import { describeIssues, type PreparedArea, type RunSpec } from '../src/machine/index.ts';
import { MAX_SWAPFILES, requireFlat, RunError, SWAPFILE_MAX_PAGES } from '../src/units/index.ts';

export interface ResolvedArea {
  readonly type: number;
  /** Path of a file that the user named, name of a zram; null for a temporary file. */
  readonly name: string | null;
  readonly kind: AreaKind;
  readonly maxPages: number;
  readonly badPages: readonly number[];
  readonly priority: number;
  /** Device profile. */
  readonly device: DeviceChoice;
  /** False: the machine starts without it. */
  readonly on: boolean;
}

const areaSchema: z.ZodType<ResolvedArea> = z.strictObject({
  type: z
    .int()
    .min(0)
    .max(MAX_SWAPFILES - 1),
  name: z.string().nullable(),
  kind: z.enum(['file', 'partition', 'ghost']),
  maxPages: z.int().min(2).max(SWAPFILE_MAX_PAGES),
  badPages: z.array(z.int().min(1).max(SWAPFILE_MAX_PAGES)),
  priority: z.int().min(-32768).max(32767),
  device: deviceChoiceSchema,
  on: z.boolean(),
});

/** The areas that a run has taken, as they are stored. */
export function storedAreas(spec: RunSpec, areas: readonly PreparedArea[]): ResolvedArea[] {
  return areas.map(({ name, profile, isOn, zram, ...area }, index) => ({
    type: area.type,
    // Without areas of its own a run takes the active ones, which all have a path. A zram has a
    // name of its own, by which a trace speaks of it.
    name:
      spec.areas.length > 0 && spec.areas[index]?.path === undefined && zram === undefined
        ? null
        : name,
    kind: area.kind,
    maxPages: area.maxPages,
    badPages: [...area.badPages],
    priority: area.priority,
    device: profile,
    on: isOn !== false,
  }));
}

/**
 * Reads the areas of a stored run.
 * @throws RunError when a hand or a fault has changed them
 */
export function resolvedAreas(stored: unknown, where: string): ResolvedArea[] {
  requireFlat(stored, where);
  const parsed = z.array(areaSchema).max(MAX_SWAPFILES).safeParse(stored);
  if (parsed.success) return parsed.data;
  throw new RunError(`${where}: areasHeld: ${describeIssues(parsed.error, stored)}`);
}
