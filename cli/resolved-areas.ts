/**
 * Of a run's areas what decides its outcome, for its stored spec: a replay needs neither the files
 * nor the table of active areas.
 */
import { z } from 'zod';
import type { AreaKind } from '../src/area/index.ts';
import type { PreparedArea, RunSpec } from '../src/machine/index.ts';
import type { JsonValue } from '../src/runs/index.ts';

export interface ResolvedArea {
  readonly type: number;
  /** Path of a file that the user named, name of a zram; null for a temporary file. */
  readonly name: string | null;
  readonly kind: AreaKind;
  readonly maxPages: number;
  readonly badPages: readonly number[];
  readonly priority: number;
  /** Device profile. */
  readonly device: string;
  /** False: the machine starts without it. */
  readonly on: boolean;
}

const areaSchema: z.ZodType<ResolvedArea> = z.strictObject({
  type: z.number(),
  name: z.string().nullable(),
  kind: z.enum(['file', 'partition', 'ghost']),
  maxPages: z.number(),
  badPages: z.array(z.number()),
  priority: z.number(),
  device: z.string(),
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

export function resolvedAreas(stored: JsonValue): ResolvedArea[] {
  return z.array(areaSchema).parse(stored);
}
