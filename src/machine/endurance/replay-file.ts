/** Replays as files: JSON that people can read, one page operation a line. */
import { z } from 'zod';
import { deviceChoiceSchema } from '../../device/index.ts';
import { UsageError } from '../../units/index.ts';
import { OP, type ControlStep, type OperationList } from '../../workload/index.ts';
import { describeIssues, parseSpec } from '../spec.ts';
import type { BreakKind, BrokenPromise, SteeredStep } from './performer.ts';
import type { EnduranceReplay } from './replay.ts';
import { settingsOf } from './settings.ts';

const VERSION = 1;
const VERBS = Object.entries(OP)
  .sort((a, b) => a[1] - b[1])
  .map(([verb]) => verb);

const label = z.string();
const task = z.number().int().min(0).max(0xffff);
const stepSchema: z.ZodType<ControlStep | SteeredStep> = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.enum(['exit', 'begin']), label, task }),
  z.strictObject({ kind: z.literal('fork'), label, parent: task, task }),
  z.strictObject({ kind: z.literal('barrier'), label }),
  z.strictObject({ kind: z.literal('sleep'), label, durationNs: z.number().nonnegative() }),
  z.strictObject({ kind: z.enum(['swapon', 'swapoff']), label, path: z.string() }),
  z.strictObject({ kind: z.enum(['give-up', 'take-back']), label, path: z.string() }),
  z.strictObject({ kind: z.literal('vswap'), label, isOn: z.boolean() }),
  z.strictObject({
    kind: z.literal('zswap'),
    label,
    setting: z.union([
      z.strictObject({ name: z.enum(['enabled', 'shrinker_enabled']), value: z.boolean() }),
      z.strictObject({
        name: z.enum(['max_pool_percent', 'accept_threshold_percent', 'max_compression_ratio']),
        value: z.number().int().min(0).max(0xffffffff),
      }),
    ]),
  }),
  z.strictObject({
    kind: z.literal('cgroup'),
    label,
    name: z.string(),
    setting: z.union([
      z.strictObject({
        file: z.literal('zswap.max'),
        // JSON has no infinity.
        bytes: z.union([z.number().nonnegative(), z.literal('max').transform(() => Infinity)]),
      }),
      z.strictObject({ file: z.literal('zswap.writeback'), isOn: z.boolean() }),
    ]),
  }),
]);

const count = z.number().int().nonnegative();
const replaySchema = z.strictObject({
  swaplabReplay: z.literal(VERSION),
  broke: z.strictObject({
    kind: z.enum(['lost', 'mismatch', 'invariant']),
    what: z.string(),
    operation: count,
  }),
  seed: count,
  spec: z.unknown(),
  areas: z.array(
    z.strictObject({
      type: z.number().int().min(0).max(31),
      kind: z.enum(['file', 'partition', 'ghost']),
      maxPages: z.number().int().min(2).max(0xffffffff),
      badPages: z.array(count),
      priority: z.number().int(),
      profile: deviceChoiceSchema,
      hasChecksums: z.boolean(),
      bufferBytes: count,
      isOn: z.boolean(),
    }),
  ),
  /** Number, what is done, task, page; a step stands where it was done. */
  operations: z.array(
    z.union([z.tuple([count, z.enum(VERBS as [string]), task, count]), stepSchema]),
  ),
});

/** What a replay of a file shows again. */
export interface StoredReplay {
  readonly replay: EnduranceReplay;
  readonly broke: { readonly kind: BreakKind; readonly what: string; readonly operation: number };
}

/** The text of a replay's file. */
export function formatReplay(replay: EnduranceReplay, broke: BrokenPromise): string {
  const { operations, steps, spec, seed, areas } = replay;
  const lines: string[] = [];
  let next = 0;
  for (let at = 0; at <= operations.count; at++) {
    for (; steps[next]?.before === at; next++)
      lines.push(
        JSON.stringify(steps[next]!.step, (_key, value: unknown) =>
          value === Infinity ? 'max' : value,
        ),
      );
    if (at === operations.count) break;
    const verb = VERBS[operations.kind[at]!]!;
    const { number, task: tasks, page } = operations;
    lines.push(JSON.stringify([number[at], verb, tasks[at], page[at]]));
  }
  const { kind, what, operation } = broke;
  const head = { swaplabReplay: VERSION, broke: { kind, what, operation }, seed, spec, areas };
  const text = JSON.stringify(head, null, 2).replace(/\n}$/, '');
  return `${text},\n  "operations": [\n    ${lines.join(',\n    ')}\n  ]\n}\n`;
}

/** @throws UsageError that names the key */
export function parseReplay(json: unknown, where: string): StoredReplay {
  const parsed = replaySchema.safeParse(json);
  if (!parsed.success) throw new UsageError(`${where}: ${describeIssues(parsed.error, json)}`);
  const { spec: specJson, broke, seed, areas, operations: items } = parsed.data;
  const spec = parseSpec(specJson, `${where}: spec`);
  const { tasks, children, pagesPerTask } = settingsOf(spec, where);
  const operations = emptyList(items.filter((item) => Array.isArray(item)).length);
  const steps: EnduranceReplay['steps'][number][] = [];
  let at = 0;
  for (const item of items) {
    if (!Array.isArray(item)) {
      const who = [
        ...('task' in item ? [item.task] : []),
        ...('parent' in item ? [item.parent] : []),
      ];
      if (who.some((each) => each >= tasks + children))
        throw new UsageError(`${where}: '${item.label}': there is no such task`);
      steps.push({ before: at, step: item });
      continue;
    }
    const [number, verb, who, page] = item;
    if (who >= tasks + children || page >= pagesPerTask)
      throw new UsageError(`${where}: operation ${number}: there is no such task or page`);
    if (number < 1 || (at > 0 && number <= operations.number[at - 1]!))
      throw new UsageError(`${where}: operation ${number}: numbers ascend from 1`);
    operations.number[at] = number;
    operations.kind[at] = VERBS.indexOf(verb);
    operations.task[at] = who;
    operations.page[at] = page;
    at += 1;
  }
  return { replay: { spec, seed, areas, operations, steps }, broke };
}

export function emptyList(capacity: number): OperationList {
  return {
    count: capacity,
    number: new Float64Array(capacity),
    kind: new Uint8Array(capacity),
    task: new Uint16Array(capacity),
    page: new Uint32Array(capacity),
  };
}
